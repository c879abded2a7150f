// The minified basic bundle has the names of plotly.js, whose types are published apart.
declare module 'plotly.js-basic-dist-min' {
  export * from 'plotly.js';
}
