// The description of the API, for the page that draws it; signs an admin in first where the service wants one.
"use strict";

async function openapi() {
  let answer = await fetch("/openapi.json");
  while (answer.status === 401 || answer.status === 403) {
    const token = await signIn(answer.status === 403 ? "That account is not an admin's." : "These pages are for admins.");
    answer = await fetch("/openapi.json", { headers: { Authorization: `Bearer ${token}` } });
  }
  if (!answer.ok) throw new Error(`The service answered ${answer.status}.`);
  document.getElementById("sign-in").hidden = true;
  return answer.json();
}

// The token stays in this page's memory and is gone with it.
async function signIn(why) {
  const form = document.getElementById("sign-in");
  const message = document.getElementById("sign-in-why");
  form.hidden = false;
  message.textContent = why;
  form.elements.email.focus();
  for (;;) {
    await new Promise((resolve) => form.addEventListener("submit", (event) => resolve(event.preventDefault()), { once: true }));
    const answer = await fetch("/v1/auth/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const body = await answer.json();
    form.elements.password.value = "";
    if (answer.ok) return body.access_token;
    message.textContent = body.detail;
  }
}

async function draw(pageOf) {
  const place = document.getElementById("api");
  try {
    await pageOf(await openapi(), place);
  } catch (error) {
    place.className = "notice";
    place.textContent = `The API description could not be shown. ${error.message}`;
  }
  place.removeAttribute("aria-busy");
}
