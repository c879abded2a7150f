import * as React from 'react';

/** A sentence in which what stands between back quotes is code. */
export function Prose({ text }: { text: string }): JSX.Element {
  // Odd parts stood between two quotes; a quote without its pair stays as it is.
  const parts = text.split(/`([^`\n]+)`/);
  return (
    <>
      {parts.map((part, place) =>
        place % 2 ? (
          <code key={place} className="trackbook-Code">
            {part}
          </code>
        ) : (
          part
        )
      )}
    </>
  );
}
