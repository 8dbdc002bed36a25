"use strict";
// Runs before the page is drawn, so that a reader who chose dark colours sees no flash of light.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("embench-theme");
  } catch {
    // Storage is closed to pages in some frames; the system's setting holds then.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  document.documentElement.classList.add("js");
})();
