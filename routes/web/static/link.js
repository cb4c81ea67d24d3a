// Sends the token of a link in a letter, when its reader says so; programs that only open links use none up.
"use strict";

const token = new URLSearchParams(location.search).get("token") ?? "";
history.replaceState(null, "", location.pathname); // neither the history nor a screen keeps it

const form = document.getElementById("link");
const outcome = document.getElementById("outcome");
const button = form.querySelector("button");

async function send() {
  const answer = await fetch(form.dataset.operation, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
  });
  if (answer.ok) return form.dataset.done;
  const problem = await answer.json();
  button.disabled = false;
  return problem.type === "/problems/link-not-valid" ? form.dataset.spent : problem.errors?.[0]?.message ?? problem.detail;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  outcome.textContent = "";
  try {
    outcome.textContent = await send();
  } catch (error) {
    button.disabled = false;
    outcome.textContent = error.message;
  }
});

if (!token) {
  button.disabled = true;
  outcome.textContent = form.dataset.spent;
}
