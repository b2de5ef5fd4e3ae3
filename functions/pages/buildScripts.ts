import { bundle } from '../../shared/browser/bundle.ts';

/** The scripts that pages run, each named as the module that it begins with. */
const SCRIPTS = ['page', 'tipList', 'overlay'] as const;

/**
 * The scripts of pages as they stand in `scripts/`: what is served is built before, and known by its hash.
 * @returns text by path under `functions/`, JSON that is one string
 */
export async function builtScripts(): Promise<Record<string, string>> {
  const modules = new URL('../../shared/browser/scripts/', import.meta.url);
  const built: Record<string, string> = {};
  for (const name of SCRIPTS) {
    const script = await bundle(new URL(`${name}.ts`, modules), 'iife');
    built[`pages/scripts/${name}.json`] = `${JSON.stringify(script.trim())}\n`;
  }
  return built;
}
