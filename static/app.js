// The page's few behaviours that HTML does not have by itself. Everything works without this file.
(() => {
  "use strict";
  const root = document.documentElement;

  const showTheme = () => {
    const theme = root.dataset.theme || "system";
    document.querySelectorAll("[data-theme-choice]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    });
  };

  const chooseTheme = (theme) => {
    if (theme === "system") {
      delete root.dataset.theme;
      document.cookie = "theme=; path=/; max-age=0; samesite=lax";
    } else {
      root.dataset.theme = theme;
      document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    }
    showTheme();
  };

  const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

  const closePanel = () => {
    const close = document.querySelector("[data-panel-close]");
    if (close) close.click();
    return Boolean(close);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "Escape") {
      if (event.target.matches("[data-search]")) event.target.blur();
      else if (!document.querySelector(":popover-open")) closePanel();
    }
  });

  document.addEventListener("click", async (event) => {
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) chooseTheme(theme.dataset.themeChoice);
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const source = document.getElementById(copy.dataset.copy);
      await navigator.clipboard.writeText(source.textContent);
      copy.dataset.done = "";
      copy.setAttribute("aria-label", "Copied");
    }
  });

  // A filter takes effect when it is changed; the button remains for those without scripts.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, input[type=checkbox]")) form.requestSubmit();
  });

  // The side panel takes the focus when it opens, and gives it back to what opened it.
  let opener = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.closest("[data-panel-open]")) opener = event.detail.elt.getAttribute("href");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "panel") return;
    const heading = event.target.querySelector("[data-panel-heading]");
    if (heading) heading.focus();
    else if (opener) {
      const back = document.querySelector(`a[href="${CSS.escape(opener)}"]`) || document.querySelector("main");
      back.focus();
    }
  });

  // What is typed into the condition builder while its answer is on the way stays typed.
  const typed = new Set();
  const isBuilder = (element) => element && element.id === "builder";
  document.addEventListener("input", (event) => { if (event.target.id) typed.add(event.target.id); });
  document.addEventListener("htmx:beforeRequest", (event) => { if (isBuilder(event.detail.target)) typed.clear(); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isBuilder(event.detail.target) || !event.detail.requestConfig.elt.matches("select")) return;
    const kept = [...typed].map((id) => document.getElementById(id)).filter((field) => field && field.closest("#builder"));
    document.addEventListener("htmx:afterSwap", () => {
      for (const field of kept) {
        const now = document.getElementById(field.id);
        if (now && now.tagName === field.tagName) now.value = field.value;
      }
    }, { once: true });
  });

  showTheme();
})();
