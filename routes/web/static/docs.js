// Swagger UI, from the bundle beside this file.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

draw((spec, place) => SwaggerUIBundle({
  spec,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null, // else it asks a server of its maker's
  deepLinking: true,
  filter: true,
  showExtensions: true, // x-policy: who may call
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
}));
