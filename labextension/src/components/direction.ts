import type * as React from 'react';

const MIRRORED: Readonly<Record<string, string>> = {
  ArrowLeft: 'ArrowRight',
  ArrowRight: 'ArrowLeft'
};

/** The key of an event as it would be named from left to right: where one reads from right to left, left goes on. */
export function readingKey(event: React.KeyboardEvent): string {
  const isMirrored = getComputedStyle(event.currentTarget).direction === 'rtl';
  return (isMirrored && MIRRORED[event.key]) || event.key;
}
