"use strict";
// What all pages share: colours, plots, data files, explanations, sortable tables. Pages use it as `embench`.
window.embench = (() => {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // Data files and libraries: scripts, because a page from file:// may not fetch.
  const scripts = new Map();
  const values = new Map();
  const loadScript = (path) => {
    if (!scripts.has(path)) {
      const loading = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = page.dataset.root + path;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`cannot load ${path}`));
        document.head.append(script);
      });
      loading.catch(() => scripts.delete(path));
      scripts.set(path, loading);
    }
    return scripts.get(path);
  };
  /** Take what a data file holds; data files call this. */
  const data = (name, value) => values.set(name, value);
  /** Return what the data file at `path`, from the top of the site, holds under `name`. */
  const load = (path, name) => loadScript(path).then(() => values.get(name));
  /** Return what a data file that the page has loaded holds under `name`. */
  const value = (name) => values.get(name);
  /** Return the JSON that stands in the element `id`. */
  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  // A page may have many plots: those in sight are drawn at once, the others when they come near. Their room is taken
  // at once, so that nothing moves under a reader who scrolls.
  const asked = new Map(); // plot → its figure, until it is drawn
  const inSight = new IntersectionObserver(
    (sights) => {
      for (const { target, isIntersecting } of sights) {
        if (!isIntersecting || !asked.has(target)) continue;
        const figure = asked.get(target);
        asked.delete(target);
        inSight.unobserve(target);
        embenchPlot.draw(target, figure);
      }
    },
    { rootMargin: "600px" },
  );
  /** Draw `figure` ({data, layout}) in `plot` when it comes near; then it has data-drawn. */
  const draw = (plot, figure) => {
    if (plot.dataset.drawn) return embenchPlot.draw(plot, figure);
    asked.set(plot, figure);
    embenchPlot.reserve(plot, figure);
    return inSight.observe(plot);
  };
  /** Take a plot off the page. */
  const clear = (plot) => {
    asked.delete(plot);
    inSight.unobserve(plot);
    embenchPlot.clear(plot);
  };
  const drawAll = () => {
    for (const [plot, figure] of asked) embenchPlot.draw(plot, figure);
    asked.clear();
  };

  // Light and dark.
  const isDark = () => (page.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const themeSwitch = document.getElementById("theme-switch");
  const showTheme = () => {
    themeSwitch.setAttribute("aria-pressed", String(isDark()));
    themeSwitch.title = isDark() ? "Change to light colours" : "Change to dark colours";
  };
  themeSwitch.addEventListener("click", () => {
    page.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("embench-theme", page.dataset.theme);
    } catch {
      // Not kept for the next page, where storage is closed.
    }
    showTheme();
  });
  showTheme();
  dark.addEventListener("change", showTheme);
  for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      page.classList.toggle("printing", printing);
      if (printing) drawAll();
    });
  }

  // An explanation stands beside its word, inside the window, whatever scrolls around it.
  const place = (event) => {
    const box = event.currentTarget.querySelector("[role=tooltip]");
    const word = event.currentTarget.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(word.left, innerWidth - box.offsetWidth - 16))}px`;
    const below = word.bottom + 6;
    box.style.top = `${below + box.offsetHeight > innerHeight ? Math.max(8, word.top - box.offsetHeight - 6) : below}px`;
  };
  let tips = 0;
  /** Make the explanations (class "tip") within `part` work. */
  const explain = (part) => {
    for (const tip of part.querySelectorAll(".tip:not([data-tip])")) {
      const box = tip.querySelector("[role=tooltip]");
      tips += 1;
      box.id = `tip-${tips}`;
      tip.dataset.tip = "";
      (tip.querySelector("button") ?? tip).setAttribute("aria-describedby", box.id);
      tip.addEventListener("mouseenter", place);
      tip.addEventListener("focusin", place);
    }
  };
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll(".tip:hover, .tip:focus-within")) {
      open.classList.add("dismissed");
      const again = () => open.classList.remove("dismissed");
      open.addEventListener("mouseleave", again, { once: true });
      open.addEventListener("focusout", again, { once: true });
    }
  });

  /**
   * Let the buttons in the head of `table` sort its rows by the `data-sort` of their cells (or their text); numbers
   * sort as numbers. A button with data-first="descending" begins with the largest.
   */
  const sortable = (table) => {
    table.dataset.sortable = "";
    const heads = [...table.tHead.rows[0].cells];
    const key = (row, column) => {
      const cell = row.cells[column];
      return embenchRows.keyOf(cell.dataset.sort ?? cell.textContent.trim());
    };
    heads.forEach((head, column) => {
      const button = head.querySelector("button.sort");
      if (!button) return;
      button.addEventListener("click", () => {
        const order = embenchRows.nextOrder(button.dataset.first ?? "ascending", head.getAttribute("aria-sort"));
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        table.tBodies[0].append(...embenchRows.ordered(table.tBodies[0].rows, order, (row) => key(row, column)));
      });
    });
  };

  // The state of a page stands in the query of its address, so that Back works and links can be sent.
  const params = (text) => new URLSearchParams(text.replace(/^[?#]/, ""));
  /** Within a frame of the Hub the address of the reader's window is another one: the Hub takes it from a message. */
  const tellFrame = (query) => {
    if (parent !== window) parent.postMessage({ queryString: query, hash: location.hash.slice(1) }, "https://huggingface.co");
  };
  const address = {
    /** Return the state; links of the first version had it behind a #. */
    read: () => (location.search.length > 1 || !location.hash.includes("=") ? params(location.search) : params(location.hash)),
    /** Set the state; `replace` where the step is too small for Back. */
    push: (parts, { replace = false } = {}) => {
      const query = parts.toString();
      if (query === params(location.search).toString() && !location.hash.includes("=")) return;
      const place = location.hash.includes("=") ? "" : location.hash;
      history[replace ? "replaceState" : "pushState"](null, "", `${location.pathname}${query ? `?${query}` : ""}${place}`);
      tellFrame(query);
    },
    onChange: (call) => addEventListener("popstate", call),
  };

  /** Let a button copy what `text` returns; it is hidden where the browser lets no page copy. */
  const copies = (button, text) => {
    button.hidden = !navigator.clipboard;
    const name = button.textContent;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed here";
      }
      setTimeout(() => {
        button.textContent = name;
      }, 1600);
    });
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    copies(button, () => document.getElementById(button.dataset.copy).textContent);
  }
  /** Return the text that was packed by gzip and base64: its last line, after the start that it shares with others. */
  const unpack = async (packed, start = "") => {
    const bytes = [start, packed].map((part) => Uint8Array.from(atob(part), (character) => character.charCodeAt(0)));
    const text = await new Response(new Blob(bytes).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    return text.slice(text.lastIndexOf("\n") + 1);
  };
  /** Make explanations and sortable tables within `part` work. */
  const prepare = (part) => {
    explain(part);
    part.querySelectorAll("table.sortable:not([data-sortable])").forEach(sortable);
  };

  prepare(document);
  return { address, clear, copies, data, draw, load, prepare, read, unpack, value };
})();
