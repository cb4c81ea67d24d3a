// What is on: the form asks the public API, the list and the map show what it answers. Text goes in as text, never as HTML.
"use strict";

const PAGE = 50;
const SHORTLIST = 5; // events of one mark that the map names
const form = document.getElementById("search");
const section = document.getElementById("map");
const results = document.getElementById("results");
const list = results.querySelector(".events");
const status = results.querySelector(".status-line");
const more = results.querySelector(".more");
const clear = form.querySelector("[type=reset]");
const here = section.querySelector("[name=here]");
const picked = section.querySelector(".picked");
const card = document.getElementById("event-card").content.firstElementChild;
const labels = Object.fromEntries([...form.elements.tags].map((box) => [box.value, box.parentElement.textContent.trim()]));

let shown = []; // the events in the list and on the map
let following = null; // the cursor of the next page
let asking = new AbortController();

const map = new EventMap(section, { onPick: pick, onMove: () => here.checked && soon(300) });

/* Asking */

// A search that the reader types or clicks together shows all that it finds; one by the map leaves the map alone.
async function search() {
  remember();
  following = null;
  if ((await ask(null)) && !here.checked) map.fit();
}

// Whether this question was answered, and not overtaken by the next one.
async function ask(cursor) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`/v1/events?${parameters(cursor)}`, { signal });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail);
    shown = cursor ? [...shown, ...body.items] : body.items;
    following = body.next_cursor;
    show(cursor ? body.items : null);
  } catch (error) {
    if (error.name === "AbortError") return false;
    status.textContent = `The events could not be read. ${error.message}`;
    more.textContent = "Try again";
    more.hidden = false;
  }
  results.removeAttribute("aria-busy");
  return true;
}

function parameters(cursor) {
  const asked = new URLSearchParams({ limit: PAGE });
  const { q, from, to } = form.elements;
  if (q.value.trim()) asked.set("q", q.value.trim());
  if (here.checked) asked.set("bbox", map.bounds.map((degrees) => degrees.toFixed(5)).join());
  for (const box of form.elements.tags) if (box.checked) asked.append("tags", box.value);
  if (from.value) asked.set("from", midnight(from.value).toISOString());
  if (to.value) asked.set("to", midnight(to.value, 1).toISOString());
  if (cursor) asked.set("cursor", cursor);
  return asked;
}

// The start of a day where the reader is, or of one some days later.
function midnight(day, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later);
}

// The search stands in the address, so that it can be kept and passed on.
function remember() {
  const asked = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value && name !== "here"));
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
}

function recall() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field === here) continue;
    if (field instanceof RadioNodeList) for (const box of field) box.checked ||= box.value === value;
    else if (field) field.value = value;
  }
}

/* Showing */

function show(added) {
  if (!added) list.replaceChildren();
  list.append(...(added ?? shown).map(cardOf));
  const count = `${shown.length}${following ? "+" : ""} ${shown.length === 1 ? "event" : "events"}`;
  const filtered = [...new FormData(form).values()].some(Boolean);
  clear.hidden = !filtered;
  status.textContent = shown.length ? `${count}${here.checked ? " here" : ""}, soonest first` : filtered ? "Nothing that fits is coming up." : "Nothing is coming up yet.";
  more.textContent = "More events";
  more.hidden = !following;
  picked.hidden = true;
  map.show(shown);
}

function cardOf(event) {
  const item = card.cloneNode(true);
  const part = (selector) => item.querySelector(selector);
  const start = new Date(event.starts_at);
  const inZone = (options) => new Intl.DateTimeFormat(undefined, { timeZone: event.timezone, ...options });
  item.dataset.id = event.id;
  part(".month").textContent = inZone({ month: "short" }).format(start);
  part(".number").textContent = inZone({ day: "numeric" }).format(start);
  part(".weekday").textContent = inZone({ weekday: "short" }).format(start);
  part("h2").textContent = event.title;
  part("time").textContent = times(event);
  part("time").dateTime = event.starts_at;
  part(".now").hidden = event.status !== "ongoing";
  part(".place").textContent = [event.location.title, event.location.address].filter(Boolean).join(" · ");
  part(".seats").textContent = seats(event);
  part(".tags").append(...event.tags.map((tag) => element("li", labels[tag] ?? tag)));
  part(".description").textContent = event.description;
  part(".links").append(...event.links.map((address) => itemOf(link(address))));
  part("details").hidden = !event.description && !event.links.length;
  part(".locate").setAttribute("aria-label", `Show ${event.title} on the map`);
  part(".calendar").href = `/v1/events/${encodeURIComponent(event.id)}.ics`;
  part(".calendar").setAttribute("aria-label", `Add ${event.title} to the calendar`);
  if (event.image_ids.length) {
    part(".picture").src = `/v1/images/${encodeURIComponent(event.image_ids[0])}?width=320`;
    part(".picture").hidden = false;
  }
  return item;
}

function times({ starts_at, ends_at, timezone }) {
  const [start, end] = [new Date(starts_at), new Date(ends_at)];
  const parts = { timeZone: timezone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  if (start.getFullYear() !== new Date().getFullYear()) parts.year = "numeric";
  const zoned = new Intl.DateTimeFormat(undefined, { timeZone: timezone, timeZoneName: "short" });
  const zone = zoned.formatToParts(start).find(({ type }) => type === "timeZoneName").value;
  return `${new Intl.DateTimeFormat(undefined, parts).formatRange(start, end)} ${zone}`;
}

function seats({ attending_count: attending, max_capacity: capacity, waiting_count: waiting }) {
  const free = capacity - attending;
  if (free > 0) return `${free.toLocaleString()} ${free === 1 ? "place" : "places"} free of ${capacity.toLocaleString()}`;
  return waiting ? `Full, ${waiting.toLocaleString()} waiting` : "Full";
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function itemOf(content) {
  const item = document.createElement("li");
  item.append(content);
  return item;
}

function link(address) {
  const made = element("a", new URL(address).host);
  made.href = address; // the API takes https:// alone
  made.rel = "noopener noreferrer nofollow ugc";
  return made;
}

/* Between the list and the map */

function pick(events) {
  choose(events);
  const cards = events.slice(0, SHORTLIST).map((event) => {
    const button = element("button", event.title);
    button.type = "button";
    button.addEventListener("click", () => reveal(event));
    const entry = itemOf(button);
    entry.append(element("span", `${times(event)} · ${event.location.title}`));
    return entry;
  });
  const entries = document.createElement("ul");
  entries.append(...cards);
  if (events.length > SHORTLIST) entries.append(element("li", `and ${events.length - SHORTLIST} more here`));
  picked.replaceChildren(entries);
  picked.hidden = false;
}

function choose(events) {
  const ids = new Set(events.map(({ id }) => id));
  for (const item of list.children) item.classList.toggle("chosen", ids.has(item.dataset.id));
  map.choose(ids);
}

function reveal(event) {
  const item = list.querySelector(`[data-id="${CSS.escape(event.id)}"]`);
  item.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  item.querySelector(".locate").focus({ preventScroll: true });
}

/* Listening */

const presets = {
  today: (day) => [day, day],
  weekend: (day) => {
    const saturday = day.getDay() === 0 ? -1 : 6 - day.getDay();
    return [later(day, saturday), later(day, saturday + 1)];
  },
  week: (day) => [day, later(day, 6)],
};
const later = (day, days) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
const written = (day) =>
  [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");

let waiting;
const soon = (milliseconds) => {
  clearTimeout(waiting);
  waiting = setTimeout(search, milliseconds);
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  soon(0);
});
form.addEventListener("input", () => soon(250));
here.addEventListener("input", () => soon(0));
form.addEventListener("reset", () => soon(0)); // the fields are empty only after this
form.addEventListener("click", ({ target }) => {
  const preset = presets[target.dataset.days];
  if (!preset) return;
  const [from, to] = preset(later(new Date(), 0));
  form.elements.from.value = written(from);
  form.elements.to.value = written(to);
  soon(0);
});
more.addEventListener("click", () => (following ? ask(following) : search()));
list.addEventListener("click", ({ target }) => {
  if (!target.closest(".locate")) return;
  const event = shown.find(({ id }) => id === target.closest("[data-id]").dataset.id);
  map.centre(event.location);
  pick([event]);
  section.scrollIntoView({ block: "nearest" });
});

recall();
search();
