// Redoc, from the bundle beside this file.
"use strict";

draw((spec, place) => new Promise((resolve) => {
  Redoc.init(spec, { hideLoading: true, nativeScrollbars: true, showExtensions: true }, place, resolve);
}));
