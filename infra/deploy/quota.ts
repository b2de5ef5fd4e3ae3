import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { CONCURRENCY, type Concurrency, fittingConcurrency, reservedBy } from '../concurrency.ts';
import { DeployError } from '../deployError.ts';
import { functionsOf } from './stacks.ts';

/** What Lambda leaves for functions that reserve nothing: none may reserve more. */
const KEPT_FREE = 100;

/**
 * Look whether the account may run as many copies of functions at once as the settings reserve, beside what others have reserved and
 * what Lambda keeps free. What the stack itself has reserved is its own to give anew.
 * @throws DeployError with the settings that fit
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
 */
export async function checkConcurrency(
  settings: Concurrency,
  { region, stack }: { region: string; stack: string },
): Promise<void> {
  const wanted = reservedBy(settings);
  if (wanted === 0) return;
  const lambda = new LambdaClient({ region });
  try {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    const unreserved = AccountLimit?.UnreservedConcurrentExecutions ?? limit;
    let own = 0;
    for (const FunctionName of await functionsOf(stack, region)) {
      const told = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
      own += told.ReservedConcurrentExecutions ?? 0;
    }
    const free = Math.max(0, unreserved + own - KEPT_FREE);
    if (wanted > free)
      throw new DeployError(tooMany(wanted, free, { limit, others: limit - unreserved - own }));
  } finally {
    lambda.destroy();
  }
}

const tooMany = (wanted: number, free: number, { limit, others }: { limit: number; others: number }) =>
  `${Object.keys(CONCURRENCY).join(', ')}: ${wanted} in all, expected at most ${free}: Lambda runs at most ${limit} copies of functions at ` +
  `once for this account and Region, other functions have reserved ${others} of them, and ${KEPT_FREE} are kept free. These fit:\n` +
  Object.entries(fittingConcurrency(free))
    .map(([setting, copies]) => `  ${setting}: ${typeof copies === 'number' ? copies : `'${copies}'`},`)
    .join('\n');
