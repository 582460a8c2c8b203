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

  // The content board by keys: the focused item is moved as by its button, and has the focus again where it is then.
  document.addEventListener("keydown", (event) => {
    const card = event.target.closest("[data-board] [data-card]");
    const way = { ArrowRight: "on", ArrowLeft: "back" }[event.key];
    if (!card || !way || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = card.querySelector(`[data-move=${way}]`);
    if (button) { event.preventDefault(); button.form.requestSubmit(button); }
  });
  const moved = document.querySelector("[data-board] [data-moved]");
  if (moved) moved.focus();

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

  // What the server draws anew as it is filled in: `data-redraws` is where, `data-redraw` marks what asks for it. One
  // answer is waited for at a time, the next is asked for with what stands there then. Names of controls stay the same
  // from one drawing to the next, so what is filled in while an answer is on its way is put where it belongs.
  const waiting = new WeakMap();
  const put = (from, to) => {
    if (to.type === "checkbox" || to.type === "radio") to.checked = from.checked;
    else to.value = from.value;
    if (to.tagName === "SELECT" && to.selectedIndex < 0) to.value = "";
  };
  const redrawn = async (region, button) => {
    const form = region.closest("form");
    const touched = new Set();
    const note = (event) => touched.add(event.target);
    region.addEventListener("input", note);
    const body = new FormData(form);
    body.append(...(button ? [button.name, button.value] : ["do", "look"]));
    const answer = await fetch(region.dataset.redraws, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(region.id);
    if (!answer.ok && answer.status !== 422 || !fresh) throw new Error(answer.status);
    const active = region.contains(document.activeElement) ? document.activeElement : null;
    region.replaceWith(fresh);
    if (window.htmx) window.htmx.process(fresh);
    for (const field of touched) {
      const now = field.id && document.getElementById(field.id);
      if (now && now.tagName === field.tagName && now.type === field.type) put(field, now);
    }
    const moved = active && active !== button && touched.has(active);
    const focus = !moved && fresh.querySelector("[autofocus]") || active && active.id && document.getElementById(active.id);
    if (focus) focus.focus();
    fresh.dispatchEvent(new CustomEvent("rule-changed", { bubbles: true }));
    return fresh;
  };
  const ask = async (form, id, button) => {
    const queue = waiting.get(form) || [];
    waiting.set(form, queue);
    if (!button && queue.slice(1).some((next) => next.id === id && !next.button)) return;
    queue.push({ id, button });
    if (queue.length > 1) return;
    while (queue.length) {
      const next = queue[0];
      const region = document.getElementById(next.id);
      try {
        if (region) { region.setAttribute("aria-busy", "true"); await redrawn(region, next.button); }
      } catch {
        queue.length = 0;
        // The page itself says what is wrong, with all that was filled in.
        if (next.button && next.button.isConnected) form.requestSubmit(next.button);
        else if (region) region.removeAttribute("aria-busy");
        return;
      }
      queue.shift();
    }
  };
  document.addEventListener("change", (event) => {
    const region = event.target.matches("[data-redraw]:not(button)") && event.target.closest("[data-redraws]");
    if (region) ask(region.closest("form"), region.id, null);
    redrawWith(event.target);
  });
  // What depends on what is filled in elsewhere on the page.
  const redrawWith = (changed) => {
    for (const region of document.querySelectorAll("[data-redraws-with]")) {
      if (changed.closest(region.dataset.redrawsWith)) ask(region.closest("form"), region.id, null);
    }
  };
  document.addEventListener("rule-changed", (event) => redrawWith(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-redraw]");
    const region = button && button.closest("[data-redraws]");
    if (!region) return;
    event.preventDefault();
    ask(region.closest("form"), region.id, button);
  });

  // A row is moved by Alt and an arrow, from any of its controls but those whose own keys these are.
  document.addEventListener("keydown", (event) => {
    const way = event.altKey && !event.ctrlKey && !event.metaKey && { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const row = way && event.target.closest("[data-row]");
    const button = row && !event.target.matches("select") && row.querySelector(`[data-move="${way}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });

  // Tables that are folded on the screen are whole on paper.
  const folded = [];
  addEventListener("beforeprint", () => {
    document.querySelectorAll(".whole-print details:not([open])").forEach((one) => { one.open = true; folded.push(one); });
  });
  addEventListener("afterprint", () => folded.splice(0).forEach((one) => { one.open = false; }));

  showTheme();
})();
