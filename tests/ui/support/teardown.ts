import { rmSync } from 'node:fs';

/** Remove what the test server wrote; a kernel that is still ending may write for a moment longer. */
export default function teardown(): void {
  const folder = process.env.TRACKBOOK_UI_FOLDER;
  if (folder) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
}
