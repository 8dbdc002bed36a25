"use strict";
// The plots of the page on the method, and where the reader is in its list of contents.
(() => {
  const figures = embench.read("figures");
  const plots = [...document.querySelectorAll("[data-figure]")];
  for (const plot of plots) embench.draw(plot, figures[plot.dataset.figure]);

  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (!isIntersecting) continue;
      for (const [id, link] of links) link.toggleAttribute("aria-current", id === target.id);
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const id of links.keys()) seen.observe(document.getElementById(id));
})();
