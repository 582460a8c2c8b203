// The editor of a draft. Everything on it is a form that works by itself; this file sends the forms in the background,
// one after the other, saves what is typed, and lets steps be taken hold of on the map.
(() => {
  "use strict";
  const editor = document.getElementById("editor");
  if (!editor) return;
  const address = editor.dataset.address;
  const byId = (id) => document.getElementById(id);
  const panel = () => byId("editor-panel");
  const revision = () => byId("editor-status").dataset.revision;
  const say = (words) => { byId("editor-says").textContent = words; };

  // -- what is sent, in order --------------------------------------------------------------------------------------
  const queue = [];
  let sending = false;
  const touched = new Set();
  const later = new Map();

  const enqueue = (job) => { queue.push(job); work(); };

  const work = async () => {
    if (sending) return;
    sending = true;
    editor.setAttribute("aria-busy", "true");
    while (queue.length) {
      const job = queue[0];
      try {
        await (job.body ? post(job) : get(job));
        queue.shift();
        retries = 0;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        await waitToTryAgain();
      }
    }
    sending = false;
    editor.removeAttribute("aria-busy");
  };

  let retries = 0;
  const waitToTryAgain = () => {
    retries += 1;
    const saved = byId("editor-saved");
    if (saved) saved.textContent = "Not saved: no answer. Trying again…";
    say("Not saved: the server does not answer. Trying again.");
    return new Promise((done) => setTimeout(done, Math.min(1000 * 2 ** retries, 15000)));
  };

  const post = async (job) => {
    job.body.set("revision", job.revision || revision());
    job.body.set("page", editor.dataset.page);
    touched.clear();
    const answer = await fetch(address, { method: "POST", body: job.body, headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
    const text = await answer.text();
    if ([200, 409, 410, 422].includes(answer.status)) swap(text, job, answer.status);
    else byId("editor-saved").textContent = `Not saved (${answer.status}).`;
  };

  const get = async (job) => {
    const url = new URL(job.href, location.href);
    url.searchParams.set("part", "panel");
    url.searchParams.set("page", editor.dataset.page);
    const answer = await fetch(address + url.search, { headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect") || !answer.ok) { location.href = job.href; return; }
    const fresh = parsed(await answer.text()).getElementById("editor-panel");
    panel().replaceWith(fresh);
    history.replaceState(null, "", job.href);
    mark(fresh.dataset.panel);
    if (job.focus) focusOn(job.focus);
    else if (fresh.dataset.panel) fresh.querySelector("[data-panel-heading]").focus({ preventScroll: !narrow() });
  };

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const narrow = () => window.matchMedia("(max-width: 71.99rem)").matches;

  // -- what comes back ---------------------------------------------------------------------------------------------
  const put = (from, to) => {
    if (to.type === "checkbox" || to.type === "radio") to.checked = from.checked;
    else to.value = from.value;
  };

  const swap = (text, job, status) => {
    const page = parsed(text);
    if (status === 200) {
      const nothing = document.createElement("div");
      nothing.id = "editor-clash";
      byId("editor-clash").replaceWith(nothing);
    }
    const active = document.activeElement;
    const focus = active && active !== document.body ? { id: active.id, step: active.dataset && active.dataset.step } : null;
    const selection = active && typeof active.selectionStart === "number" && active.type !== "number" ? [active.selectionStart, active.selectionEnd] : null;
    const canvas = byId("editor-canvas");
    const scroll = canvas ? [canvas.scrollLeft, canvas.scrollTop] : null;
    const scrolled = panel().scrollTop;
    let went = null;
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const old = byId(fresh.id);
      if (!old) continue;
      if (fresh.id === "editor-panel") {
        if (fresh.hasAttribute("data-go")) went = fresh;
        else if (fresh.dataset.panel !== old.dataset.panel) continue;
        // Rows of a rule are being drawn anew; what they say is saved right after, and the panel comes with it.
        else if (old.querySelector("[data-redraws][aria-busy]")) continue;
        else keepOpen(old, fresh);
      }
      const typed = [...touched].map((id) => byId(id)).filter((field) => field && old.contains(field));
      old.replaceWith(fresh);
      if (window.htmx) window.htmx.process(fresh);
      for (const field of typed) {
        const now = byId(field.id);
        if (now && now.tagName === field.tagName) put(field, now);
      }
    }
    if (scroll && byId("editor-canvas")) byId("editor-canvas").scrollTo(...scroll);
    panel().scrollTop = went ? 0 : scrolled;
    mark(panel().dataset.panel);
    const words = page.getElementById("editor-says");
    if (words) say(words.textContent);
    if (status === 409 || status === 410) {
      const heading = byId("editor-clash").querySelector("[tabindex]");
      if (heading) heading.focus();
      byId("editor-clash").scrollIntoView({ block: "start" });
      return;
    }
    if (went) {
      history.replaceState(null, "", went.dataset.panel ? `?${went.dataset.panel}` : location.pathname);
      if (job.keep && focusOn(job.keep)) return;
      const first = byId("f-name");
      if (went.dataset.panel && first) { first.focus(); first.select(); } else went.querySelector("[data-panel-heading]").focus();
      return;
    }
    if (focus && focusOn(focus) && selection && document.activeElement.id === focus.id) {
      try { document.activeElement.setSelectionRange(...selection); } catch { /* not a field of text */ }
    }
  };

  const keepOpen = (old, fresh) => {
    for (const section of fresh.querySelectorAll("details[id]")) {
      const before = old.querySelector(`#${CSS.escape(section.id)}`);
      if (before) section.open = before.open || (section.open && !before.dataset.closed);
    }
  };

  const focusOn = ({ id, step }) => {
    const target = step ? editor.querySelector(`a[data-step="${CSS.escape(step)}"]`) : id && byId(id);
    if (target && target !== document.activeElement) target.focus({ preventScroll: true });
    return Boolean(target);
  };

  const mark = (open) => {
    const [kind, step] = open ? [open.split("=")[0], open.slice(open.indexOf("=") + 1)] : ["", ""];
    for (const node of editor.querySelectorAll("a[data-step]")) {
      const is = kind === "step" && node.dataset.step === step;
      node.classList.toggle("chosen", is);
      if (is) node.setAttribute("aria-current", "true"); else node.removeAttribute("aria-current");
    }
    for (const row of editor.querySelectorAll("[data-row]")) row.classList.toggle("current", kind === "step" && row.dataset.row === step);
  };

  // -- saving what is filled in ------------------------------------------------------------------------------------
  const isAutosave = (target) => target.closest && target.closest("form[data-autosave]");
  const save = (form, submitter) => {
    clearTimeout(later.get(form));
    later.delete(form);
    const body = submitter ? new FormData(form, submitter) : new FormData(form);
    enqueue({ body });
  };
  const flush = () => { for (const form of [...later.keys()]) if (form.isConnected) save(form); };

  editor.addEventListener("input", (event) => {
    const form = isAutosave(event.target);
    if (!form) return;
    if (event.target.id) touched.add(event.target.id);
    if (!event.target.matches("input:not([type=checkbox]), textarea")) return;
    clearTimeout(later.get(form));
    later.set(form, setTimeout(() => { if (form.isConnected) save(form); }, 900));
  });
  editor.addEventListener("change", (event) => {
    const form = isAutosave(event.target);
    if (!form) return;
    // The builder draws its rows anew first, and says when it has.
    if (event.target.closest("[data-redraw]")) { clearTimeout(later.get(form)); return; }
    save(form);
  });
  document.addEventListener("rule-changed", (event) => {
    const form = isAutosave(event.target);
    if (form) save(form);
  });
  window.addEventListener("beforeunload", (event) => {
    flush();
    if (queue.length) event.preventDefault();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-preview-form]")) { event.preventDefault(); return; }
    if (!form.matches("[data-op], [data-autosave]") || !editor.contains(form)) return;
    event.preventDefault();
    if (event.submitter && event.submitter.matches("[data-redraw]")) return;
    if (form.matches("[data-autosave]")) { save(form, event.submitter); return; }
    flush();
    const body = new FormData(form, event.submitter);
    const decides = form.matches("[data-decides]");
    enqueue({ body, decides, revision: decides ? body.get("revision") : null });
  });

  // -- opening panels ----------------------------------------------------------------------------------------------
  const go = (href, focus) => { flush(); enqueue({ href, focus }); };
  editor.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel-go], a[data-step]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (dragged) { dragged = false; return; }
    const leaves = link.matches("[data-panel-leave]") && panel().dataset.panel.split("=")[1];
    go(link.getAttribute("href"), leaves ? { step: leaves } : null);
  });

  editor.addEventListener("toggle", async (event) => {
    const fold = event.target;
    if (fold.matches(".editor-section") && !fold.open) fold.dataset.closed = "1";
    if (!fold.matches("[data-preview]") || !fold.open) return;
    await preview(fold, fold.dataset.preview);
  }, true);
  editor.addEventListener("change", (event) => {
    const form = event.target.closest("[data-preview-form]");
    if (form) preview(form.closest("[data-preview]"), `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`);
  });
  const preview = async (fold, href) => {
    const answer = await fetch(href, { headers: { "HX-Request": "true" } });
    if (answer.ok) fold.querySelector(":scope > div").replaceChildren(...parsed(await answer.text()).body.childNodes);
  };

  // The ways of the step at hand stand out: on a large map nobody follows a line with the eye alone.
  const ways = (event) => {
    const node = event.target.closest && event.target.closest("a[data-step]");
    for (const edge of editor.querySelectorAll("g.map-edge.is-near")) edge.classList.remove("is-near");
    if (!node) return;
    const step = CSS.escape(node.dataset.step);
    for (const edge of editor.querySelectorAll(`g.map-edge[data-from="${step}"], g.map-edge[data-to="${step}"]`)) edge.classList.add("is-near");
  };
  editor.addEventListener("focusin", ways);
  editor.addEventListener("pointerover", ways);

  // -- by keyboard -------------------------------------------------------------------------------------------------
  const operate = (values, more = {}) => {
    flush();
    const body = new FormData();
    const token = editor.querySelector("[name=csrfmiddlewaretoken]");
    body.set("csrfmiddlewaretoken", token.value);
    body.set("panel", panel().dataset.panel);
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    enqueue({ body, ...more });
  };
  const STAGES = ["capture", "enrich", "engage", "measure"];
  const lanes = () => [...editor.querySelectorAll("g[data-team]")].map((lane) => lane.dataset.team);

  const moved = (node, key, shift) => {
    const step = node.dataset.step;
    if (shift && (key === "ArrowUp" || key === "ArrowDown")) {
      const teams = lanes();
      const team = teams[teams.indexOf(node.dataset.team) + (key === "ArrowUp" ? -1 : 1)];
      if (team) operate({ op: "place", step, owner: team });
      else say("There is no lane further on.");
    } else if (key === "ArrowUp" || key === "ArrowDown") {
      operate({ op: "move", move: `${key === "ArrowUp" ? -1 : 1}:${step}` });
    } else {
      const stage = STAGES[STAGES.indexOf(node.dataset.stage) + (key === "ArrowLeft" ? -1 : 1)];
      if (stage) operate({ op: "place", step, stage });
      else say("There is no stage further on.");
    }
  };

  const neighbour = (node, backwards) => {
    const nodes = [...editor.querySelectorAll("a[data-step]")];
    const next = nodes[nodes.indexOf(node) + (backwards ? -1 : 1)] || nodes[nodes.indexOf(node) - 1];
    return next ? { step: next.dataset.step } : null;
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      operate({ op: event.shiftKey ? "redo" : "undo" });
      return;
    }
    if (event.key === "Escape" && !drag && panel().dataset.panel && !document.querySelector(":popover-open")) {
      const leave = panel().querySelector("[data-panel-leave]");
      if (leave && !event.target.matches("[data-search]")) leave.click();
      return;
    }
    const node = event.target.closest("a[data-step]");
    if (!node || event.ctrlKey || event.metaKey) return;
    const step = node.dataset.step;
    if (event.altKey && event.key.startsWith("Arrow")) moved(node, event.key, event.shiftKey);
    else if (event.altKey) return;
    else if (event.key === "Delete") operate({ op: "remove", step }, { keep: neighbour(node, false) });
    else if (event.key.toLowerCase() === "n") go(`?add=${encodeURIComponent(step)}`);
    else if (event.key.toLowerCase() === "c") go(`?step=${encodeURIComponent(step)}`, { id: "connect-to" });
    else return;
    event.preventDefault();
  });

  // -- by mouse ----------------------------------------------------------------------------------------------------
  let drag = null;
  let dragged = false;
  const svgPoint = (svg, event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const within = (box, at) => at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;

  editor.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("a[data-step]");
    dragged = false;
    if (!node || event.button || event.pointerType === "touch") return;
    const svg = node.ownerSVGElement;
    drag = { node, svg, from: svgPoint(svg, event), connects: event.target.matches(".map-port"), ghost: null };
  });
  editor.addEventListener("dragstart", (event) => { if (event.target.closest("a[data-step]")) event.preventDefault(); });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const at = svgPoint(drag.svg, event);
    if (!drag.ghost && Math.hypot(at.x - drag.from.x, at.y - drag.from.y) < 6) return;
    event.preventDefault();
    if (!drag.ghost) drag.ghost = begin(drag);
    if (drag.connects) {
      drag.ghost.setAttribute("d", `M${drag.from.x} ${drag.from.y}L${at.x} ${at.y}`);
    } else {
      drag.ghost.setAttribute("transform", `translate(${at.x - drag.from.x} ${at.y - drag.from.y})`);
    }
    const over = target(drag, at);
    for (const one of drag.svg.querySelectorAll(".is-target")) if (!over.includes(one)) one.classList.remove("is-target");
    for (const one of over) one.classList.add("is-target");
  });
  const begin = (what) => {
    dragged = true;
    what.svg.classList.add("is-dragging");
    const ghost = what.connects ? document.createElementNS("http://www.w3.org/2000/svg", "path") : what.node.cloneNode(true);
    ghost.classList.add(what.connects ? "map-wire" : "map-ghost");
    ghost.removeAttribute("data-step");
    what.svg.append(ghost);
    return ghost;
  };
  const nodeAt = (what, at) => [...what.svg.querySelectorAll("a[data-step], g.is-exit")]
    .find((node) => node !== what.node && node !== what.ghost && within(node.getBBox(), at));
  const target = (what, at) => {
    if (what.connects) return [nodeAt(what, at)].filter(Boolean);
    const at_lane = [...what.svg.querySelectorAll("g[data-team]")].filter((lane) => within(lane.querySelector("rect").getBBox(), at));
    const at_stage = [...what.svg.querySelectorAll("g[data-stage]")].filter((stage) => within(stage.querySelector("rect").getBBox(), at));
    return [...at_lane, ...at_stage];
  };
  const finish = () => {
    if (!drag) return null;
    const done = drag;
    drag = null;
    if (done.ghost) done.ghost.remove();
    done.svg.classList.remove("is-dragging");
    for (const one of done.svg.querySelectorAll(".is-target")) one.classList.remove("is-target");
    return done;
  };
  document.addEventListener("pointerup", (event) => {
    const over = drag && drag.ghost ? target(drag, svgPoint(drag.svg, event)) : [];
    const at = drag && svgPoint(drag.svg, event);
    const done = finish();
    if (!done || !done.ghost) return;
    setTimeout(() => { dragged = false; }, 0);
    const step = done.node.dataset.step;
    if (done.connects) {
      if (over.length) operate({ op: "connect", start: step, end: over[0].dataset.step || "end" });
      return;
    }
    const lane = over.find((one) => one.dataset.team !== undefined);
    const stage = over.find((one) => one.dataset.stage);
    if (!lane || !stage) return;
    const values = { op: "place", step };
    if (stage.dataset.stage !== done.node.dataset.stage) values.stage = stage.dataset.stage;
    if (lane.dataset.team !== done.node.dataset.team && lane.dataset.team) values.owner = lane.dataset.team;
    const mates = [...done.svg.querySelectorAll("a[data-step]")].filter((node) => node !== done.node
      && node.dataset.stage === stage.dataset.stage && node.dataset.team === lane.dataset.team);
    const above = mates.filter((node) => { const box = node.getBBox(); return box.y + box.height / 2 < at.y; }).pop();
    const below = mates.find((node) => { const box = node.getBBox(); return box.y + box.height / 2 >= at.y; });
    const order = [...done.svg.querySelectorAll("a[data-step]")].map((node) => node.dataset.step);
    if (above && order.indexOf(above.dataset.step) > order.indexOf(step)) values.after = above.dataset.step;
    if (below && order.indexOf(below.dataset.step) < order.indexOf(step)) values.after = order[order.indexOf(below.dataset.step) - 1] || "";
    if (Object.keys(values).length > 2) operate(values);
  });
  document.addEventListener("pointercancel", finish);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && drag) finish(); });

  mark(panel().dataset.panel);
  editor.dataset.ready = "1";
})();
