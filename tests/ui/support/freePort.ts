import { execFileSync } from 'node:child_process';

/** A port of this machine that nobody listens on now. */
export function freePort(): string {
  const script = `const server = require('net').createServer().listen(0, '127.0.0.1', () => {
    process.stdout.write(String(server.address().port));
    server.close();
  });`;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
}
