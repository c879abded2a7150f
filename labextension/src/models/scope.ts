/** Which runs a list shows, before any search. */
export type Scope =
  | { readonly kind: 'notebook' }
  | { readonly kind: 'project' }
  | { readonly kind: 'experiment'; readonly name: string }
  | { readonly kind: 'trash' };

/** The scope as text, for a select box and for what is remembered. */
export function scopeToText(scope: Scope): string {
  return scope.kind === 'experiment' ? `experiment:${scope.name}` : scope.kind;
}

/** The scope that `text` stands for; `notebook` if it stands for none. */
export function scopeFromText(text: unknown): Scope {
  if (typeof text === 'string' && text.startsWith('experiment:')) {
    return { kind: 'experiment', name: text.slice('experiment:'.length) };
  }
  return text === 'project' || text === 'trash' ? { kind: text } : { kind: 'notebook' };
}
