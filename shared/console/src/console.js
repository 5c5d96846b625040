// What the pages do where a browser runs scripts. Each of them works without.
"use strict";

// Pages about something that is under way show themselves anew, unless somebody is in the middle of a form.
const live = document.querySelector("main[data-live]");
if (live) {
  const again = async () => {
    const busy = live.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (!busy && !document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
        if (!answer.ok || !next) return;
        live.replaceChildren(...next.childNodes);
        if (!next.dataset.live) return;
      } catch {
        // The next try may find the server again.
      }
    }
    setTimeout(again, 1000 * Number(live.dataset.live));
  };
  setTimeout(again, 1000 * Number(live.dataset.live));
}

// Something that is hard to take back is asked twice.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// A policy is checked while it is written.
const editor = document.querySelector("textarea[data-check]");
if (editor) {
  const told = document.getElementById(editor.getAttribute("aria-describedby"));
  let timer;
  const check = async () => {
    const body = new URLSearchParams(new FormData(editor.form));
    try {
      const answer = await fetch(editor.dataset.check, { method: "POST", body, headers: { accept: "application/json" } });
      const problem = answer.ok ? null : await answer.json();
      const lines = problem ? (problem.problems ?? []).map((p) => `${p.field}: ${p.problem}`) : ["The policy is valid."];
      told.replaceChildren(...(lines.length ? lines : [problem.detail ?? problem.title]).map((line) => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }));
      told.className = problem ? "bad" : "good";
    } catch {
      told.replaceChildren();
    }
  };
  editor.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, 400);
  });
}
