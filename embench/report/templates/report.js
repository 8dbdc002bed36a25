"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("embench-figures");
  const plots = [...document.querySelectorAll(".plot")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 40rem)");
  const touch = matchMedia("(pointer: coarse)");

  // The figures name colours by CSS variable, so that plots and page share one palette.
  const coloured = (value, styles) => {
    if (typeof value === "string") return value.startsWith("--") ? styles.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((item) => coloured(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, styles)]));
    }
    return value;
  };

  const config = {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg" },
  };

  const draw = (plot) => {
    const figure = coloured(figures[plot.dataset.figure], getComputedStyle(document.documentElement));
    figure.layout.dragmode = touch.matches ? false : "zoom"; // a finger scrolls the page
    if (narrow.matches) {
      figure.layout.font.size = 11;
      for (const note of figure.layout.annotations ?? []) note.font.size = 10;
      for (const name of ["xaxis", "yaxis"]) if (figure.layout[name].tickfont) figure.layout[name].tickfont.size = 9;
    }
    return Plotly.react(plot, figure.data, figure.layout, { ...config, displayModeBar: touch.matches ? false : "hover" });
  };
  const drawAll = () => Promise.all(plots.map(draw));

  for (const setting of [dark, narrow]) setting.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    drawAll();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    drawAll();
  });

  const choice = document.querySelector(".switch");
  choice.hidden = false;
  choice.addEventListener("change", (event) => {
    const plot = document.getElementById("plot-parity");
    plot.dataset.figure = `parity-${event.target.value}`;
    draw(plot);
  });

  // A tooltip stands beside its word, inside the window, whatever scrolls around it.
  const place = (event) => {
    const box = event.currentTarget.querySelector("[role=tooltip]");
    const word = event.currentTarget.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(word.left, innerWidth - box.offsetWidth - 16))}px`;
    const below = word.bottom + 6;
    box.style.top = `${below + box.offsetHeight > innerHeight ? Math.max(8, word.top - box.offsetHeight - 6) : below}px`;
  };
  document.querySelectorAll(".tip").forEach((tip, index) => {
    const box = tip.querySelector("[role=tooltip]");
    box.id = `tip-${index}`;
    tip.setAttribute("aria-describedby", box.id);
    tip.addEventListener("mouseenter", place);
    tip.addEventListener("focus", place);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.activeElement?.blur();
  });

  {% include "download.js" %}

  drawAll().then(() => document.documentElement.setAttribute("data-drawn", plots.length));
})();
