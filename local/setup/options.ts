import { join } from 'node:path';
import { plain } from '../../connector/setup/environment.ts';
import { type LndChoices, readFolders, readLndChoices } from '../../connector/setup/options.ts';
import type { Env, Values } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import type { SERVER_SETUP } from '../flags.ts';
import { type Listening, readListening, readOrigin, readProxies } from '../options.ts';

export type SetupValues = Values<typeof SERVER_SETUP>;

/** What a setup is told; all paths are whole. */
export interface Choices extends LndChoices {
  readonly origin: string;
  readonly listen: Listening;
  /** As it was given. */
  readonly proxy?: string;
  readonly files: { readonly macaroon: string; readonly unit: string };
}

/** Read what a setup is told. @throws UsageError */
export function readChoices(values: SetupValues, env: Env): Choices {
  const { proxy } = values;
  const origin = readOrigin(values.origin);
  readProxies(proxy, origin);
  const listen = readListening({ listen: values.listen, port: undefined }, origin);
  if (listen.port === 0) throw new UsageError('--listen: the proxy needs a port that stays, 1 to 65535');
  const { dir, unitDir } = readFolders(values);
  return {
    ...readLndChoices(values, env),
    origin,
    listen,
    ...(proxy !== undefined && { proxy: plain('--proxy', proxy) }),
    files: { macaroon: join(dir, 'lnd.macaroon'), unit: join(unitDir, 'ampjar.service') },
  };
}
