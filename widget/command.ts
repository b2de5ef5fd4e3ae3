import { fileURLToPath } from 'node:url';
import type { Outcome } from '../shared/command/command.ts';
import { buildWidget } from './build.ts';

/** Build the widget's files into the folder of static files. */
export async function widget(): Promise<Outcome> {
  await buildWidget(fileURLToPath(new URL('../dist/static', import.meta.url)));
  return {};
}
