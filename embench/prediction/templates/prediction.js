"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const figures = read("embench-figures");
  const plots = [...document.querySelectorAll(".plot")];
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // The figures name colours by CSS variable, so that plots and page share one palette.
  const coloured = (value, styles) => {
    if (typeof value === "string") return value.startsWith("--") ? styles.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.map((item) => coloured(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, styles)]));
    }
    return value;
  };

  const draw = (plot) => {
    const figure = coloured(figures[plot.dataset.figure], getComputedStyle(document.documentElement));
    return Plotly.react(plot, figure.data, figure.layout, { responsive: true, displaylogo: false });
  };
  const drawAll = () => Promise.all(plots.map(draw));
  dark.addEventListener("change", drawAll);

  {% include "download.js" %}

  drawAll().then(() => document.documentElement.setAttribute("data-drawn", plots.length));
})();
