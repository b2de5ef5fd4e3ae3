import { isOnLoopback, type Place } from '../shared/place.ts';

/** One line for a failure that is not the asker's: what happened to the table, and where it was looked for. */
export function failureLine(error: unknown, place: Place): string {
  const { table, region, endpoint } = place;
  const { name, code, message } = error as Error & { code?: string };
  const where = endpoint ?? region;
  if (name === 'ResourceNotFoundException') {
    const remedy = isOnLoopback(place)
      ? `npm run creator -- init --endpoint ${endpoint} --table ${table} makes it`
      : 'npm run deploy makes one and prints its name; --endpoint names another place';
    return `table: there is no "${table}" at ${where}; ${remedy}`;
  }
  if (code !== undefined || name === 'TimeoutError')
    return `table: "${table}" at ${where} can't be reached (${code ?? 'timeout'})`;
  if (name === 'CredentialsProviderError')
    return `table: no AWS credentials were found for "${table}" at ${where}`;
  return `table: "${table}" at ${where}: ${name}: ${message.replaceAll('\n', ' ')}`;
}
