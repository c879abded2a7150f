// Find what in the style sheets stands in the way of readers from right to left, or of themes: sides that are named
// left and right, and colours that are none of JupyterLab's variables. Run by `jlpm check`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../labextension/style');
/** The palette of runs is defined here. */
const PALETTE = 'tokens.css';

const RULES = [
  [
    /(?:^|[\s{;])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)|left|right)[\w-]*\s*:/,
    'write the inline side: margin-inline-start, inset-inline-end …'
  ],
  [/(?:text-align|float|clear)\s*:\s*(?:left|right)/, 'write start or end'],
  [
    /(?:^|[\s{;])(?:margin|padding|inset)\s*:\s*(\S+) (\S+) (\S+) (?!\2\s*[;!]|!)\S+\s*[;!]/,
    'write -block and -inline'
  ],
  [/border-(?:top|bottom)-(?:left|right)-radius/, 'write border-start-start-radius …']
];
const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(/i;

const found = [];
for (const name of readdirSync(FOLDER).filter(file => file.endsWith('.css'))) {
  const text = readFileSync(join(FOLDER, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, comment =>
    comment.replace(/[^\n]/g, ' ')
  );
  text.split('\n').forEach((line, at) => {
    const told = RULES.filter(([rule]) => rule.test(line)).map(([, hint]) => hint);
    if (name !== PALETTE && COLOUR.test(line)) {
      told.push('take one of JupyterLab’s colours, or define one in tokens.css');
    }
    found.push(
      ...told.map(hint => `labextension/style/${name}:${at + 1}: ${line.trim()}  (${hint})`)
    );
  });
}
found.forEach(line => console.error(line));
process.exit(found.length ? 1 : 0);
