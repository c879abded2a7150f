/** Have the browser save content as a file in its folder of downloads. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name.replace(/[\\/:*?"<>|\p{Cc}]+/gu, '-').slice(-120);
  link.click();
  // The download has begun when the click returns; the address is kept a moment longer for slow browsers.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}
