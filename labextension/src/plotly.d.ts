/** The small build of plotly (scatter, bar, pie) has the types of the whole. */
declare module 'plotly.js-basic-dist-min' {
  export * from 'plotly.js';
}
