import { connectorCommands } from '../../connector/commands.ts';
import { type Choices, systemConnector } from '../../connector/system.ts';
import { run } from '../shared/command/run.ts';
import { type Jar, until } from './jar.ts';
import { openLog } from './stage.ts';

/** A connector of this process beside the jar's node, on its table or another's, until it is told to stop. */
export function startConnector(
  { access, ledger }: Pick<Jar, 'access' | 'ledger'>,
  choices: Partial<Pick<Choices, 'holder' | 'rotateAfter' | 'rotateRestMs'>> = {},
) {
  const logged = openLog();
  const stop = new AbortController();
  const connector = systemConnector(access, {
    ledger,
    log: logged.log,
    holder: 'test',
    expirySeconds: 31_536_000,
    routeHints: false,
    ...choices,
  });
  const running = connector.run(stop.signal);
  return {
    ...logged,
    connector,
    live: () => until(async () => connector.health.state === 'live'),
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** Run `ampjar connector …`; its one line on stderr comes without the program's name, which every such line has. */
export async function runConnector(...args: string[]) {
  const { code, out, err } = await run(connectorCommands, ['connector', ...args]);
  if (err !== '' && !err.startsWith('ampjar: ')) throw new Error(`a line without the program's name: ${err}`);
  return { code, stdout: out, stderr: err.replace(/^ampjar: /, '') };
}
