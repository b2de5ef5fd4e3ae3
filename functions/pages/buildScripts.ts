import { bundle } from '../../shared/browser/bundle.ts';

/** The scripts that pages run, each named as the module that it begins with. */
const SCRIPTS = ['page', 'tipList', 'overlay'] as const;

/** The scripts of pages as they stand in `scripts.json`: what is served is built before, and known by its hash. */
export async function scriptsText(): Promise<string> {
  const modules = new URL('../../shared/browser/scripts/', import.meta.url);
  const built: Record<string, string> = {};
  for (const name of SCRIPTS) built[name] = (await bundle(new URL(`${name}.ts`, modules), 'iife')).trim();
  return `${JSON.stringify(built, null, 2)}\n`;
}
