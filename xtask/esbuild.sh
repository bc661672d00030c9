#!/bin/sh
# The bundler of worker-build. wasm-bindgen names a JavaScript module once for each function that wasm calls without glue,
# and each repetition would be a warning.
exec "$(dirname "$0")/node_modules/.bin/esbuild" --log-override:duplicate-object-key=silent "$@"
