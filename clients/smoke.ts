// The generated types and openapi-fetch against a running service: node generated/js/smoke.js http://localhost:8000
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

declare const process: { argv: string[] };

type Event = components["schemas"]["EventRead"];

const base = process.argv[2];
const email = `smoke-${Date.now()}@example.org`;
const password = "a long enough pass phrase";
const api = createClient<paths>({ baseUrl: base });

const registered = await api.POST("/v1/users", { body: { first_name: "Ada", last_name: "Lovelace", email, password } });
if (!registered.data) throw new Error(registered.error.title);

const session = await api.POST("/v1/auth/login", { body: { email, password } });
if (!session.data) throw new Error(session.error.title);
const headers = { Authorization: `Bearer ${session.data.access_token}` };

const starts = new Date(Date.now() + 86_400_000);
const made = await api.POST("/v1/events", {
  headers,
  body: {
    title: "Sunset yoga",
    description: "An hour on the lawn.",
    starts_at: starts.toISOString(),
    ends_at: new Date(starts.getTime() + 3_600_000).toISOString(),
    tags: ["sport_event"],
    location: { title: "Bayfront Park", latitude: 25.7753, longitude: -80.1861 },
    max_capacity: 40,
    public: false,
  },
});
if (!made.data) throw new Error(made.error.title);

const read = await api.GET("/v1/events/{id}", { params: { path: { id: made.data.id } } });
if (!read.data) throw new Error(read.error.title);
const event: Event = read.data;

const refused = await api.GET("/v1/events/{id}", { params: { path: { id: "nobody" } } });
console.log(JSON.stringify({ title: event.title, status: event.status, refused: refused.error?.type }));
