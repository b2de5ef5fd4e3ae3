import { PRIVATE } from '../http/freshness.ts';
import { type Problem, problemJson, problemLnurl } from '../http/problem.ts';
import type { Representation } from '../http/representation.ts';
import { problemPage } from './problemPage.ts';

/** Headers of a payer's own tip, whether there is one or not: a set id is a secret, and its address holds it. */
export const TIP_HEADERS = { 'cache-control': PRIVATE, 'referrer-policy': 'no-referrer' };

/** Headers of every answer at an address, be it a problem or where to ask instead. */
export const headersAt = (path: string): Record<string, string> =>
  path.startsWith('/v1/tips/') ? TIP_HEADERS : {};

/** Problems in the form of their address: a page where pages are, JSON for programs elsewhere, and a page there, too, for who asks for one. */
export function problemAt(path: string, problem: Problem): Representation {
  if (path.startsWith('/@')) return problemPage(problem);
  const headers = { vary: 'accept', ...headersAt(path) };
  const form = path.startsWith('/.well-known/') || path.startsWith('/lnurl/') ? problemLnurl : problemJson;
  // An edge that keeps what programs are told, for all who ask, may keep nothing else of the same address.
  const forPeople = () => problemPage(problem, { 'cache-control': 'no-store', ...headers });
  return { ...form(problem, headers), forPeople };
}
