import * as React from 'react';

import { classes } from './view';

/** Text in a typewriter's letters, which keys can scroll where it is too long for its place. */
export function SourceText(props: {
  /** What draws into the element; else `children` are shown. */
  box?: React.RefObject<HTMLPreElement>;
  className?: string;
  children?: string | null;
}): JSX.Element {
  const own = React.useRef<HTMLPreElement>(null);
  const box = props.box ?? own;
  // After each drawing: what is shown may have changed, and the place for it.
  React.useEffect(() => {
    const element = box.current;
    if (element) {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
      element.tabIndex = scrollWidth > clientWidth || scrollHeight > clientHeight ? 0 : -1;
    }
  });
  return (
    <pre ref={box} className={classes('trackbook-Source', props.className)}>
      {props.children}
    </pre>
  );
}
