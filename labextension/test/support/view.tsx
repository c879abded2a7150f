import { nullTranslator } from '@jupyterlab/translation';
import { render, type RenderResult } from '@testing-library/react';
import * as React from 'react';

import { ViewContext } from '../../src/components/view';

/** What the user asked for: command and arguments. */
export type Executed = [command: string, args: unknown];

/** Show a component as a panel would; returns what the user asked for by clicking. */
export function show(element: JSX.Element): RenderResult & { executed: Executed[] } {
  const executed: Executed[] = [];
  const view = {
    trans: nullTranslator.load('trackbook'),
    execute: (command: string, args?: unknown) => void executed.push([command, args])
  };
  const result = render(<ViewContext.Provider value={view}>{element}</ViewContext.Provider>);
  return { ...result, executed };
}
