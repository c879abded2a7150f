// The minified bundle of Cartesian charts has the names of plotly.js, whose types are published apart.
declare module 'plotly.js-cartesian-dist-min' {
  export * from 'plotly.js';
}
