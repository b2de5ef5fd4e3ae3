import type { Asked, Outcome } from '../shared/command/command.ts';
import { writeCommitted } from './committed.ts';
import type { COMMITTED } from './flags.ts';
import { scriptsText } from './pages/buildScripts.ts';

/** Write the scripts of pages, or check them. */
export async function pageScripts({ values }: Asked<typeof COMMITTED>): Promise<Outcome> {
  const scripts = { 'pages/scripts.json': await scriptsText() };
  await writeCommitted(scripts, values, 'its modules build to; npm run page-scripts writes it');
  return {};
}
