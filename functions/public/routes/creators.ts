import * as is from '../api/parameters.ts';
import { readHandle, readLimit, readPart, readSetId } from '../api/request.ts';
import * as render from '../render.ts';
import { OF_CREATOR, OF_INVOICE, type Route } from './route.ts';

/** What anyone may read of creators and their tips. */
export const creatorRoutes: readonly Route[] = [
  {
    path: '/v1/creators/{handle}',
    id: 'readCreator',
    tag: 'creators',
    summary: 'A creator’s profile, tip options and totals.',
    description: 'It names the other ways to pay, too, and where tips are told of as they come.',
    parameters: [is.HANDLE],
    types: { 'application/json': 'Creator' },
    problems: OF_CREATOR,
    answer: ({ param }, source) => {
      const handle = readHandle(param('handle'));
      return { key: handle, make: () => render.profile(source, handle) };
    },
  },
  {
    path: '/v1/creators/{handle}/tips',
    id: 'listTips',
    tag: 'creators',
    summary: 'A creator’s tips, as far as the creator shows them.',
    description: 'Where `shows` is `nothing`, the list is empty and its end, whatever was paid.',
    parameters: [is.HANDLE, is.CURSOR, is.AFTER, is.LIMIT],
    types: { 'application/json': 'Feed' },
    problems: OF_INVOICE,
    answer: ({ param, query }, source) => {
      const handle = readHandle(param('handle'));
      const limit = readLimit(query('limit'));
      const part = { limit, ...readPart(handle, { cursor: query('cursor'), after: query('after') }) };
      return {
        key: `${handle} ${limit} ${part.before} ${part.after}`,
        make: () => render.feed(source, handle, part),
      };
    },
  },
  {
    path: '/v1/creators/{handle}/totals',
    id: 'readTotals',
    tag: 'creators',
    summary: 'Number and sum of a creator’s tips, in all and by tip option.',
    description: 'Where `shows` is `nothing`, number and sum are null: not shown, which is not zero.',
    parameters: [is.HANDLE],
    types: { 'application/json': 'Totals' },
    problems: OF_CREATOR,
    answer: ({ param }, source) => {
      const handle = readHandle(param('handle'));
      return { key: handle, make: () => render.totals(source, handle) };
    },
  },
  {
    path: '/v1/tips/{setId}',
    id: 'readTip',
    tag: 'payers',
    summary: 'One tip, for who knows its set id.',
    description:
      'The set id is the payer’s secret: no cache keeps the answer, and no referrer carries the address on.',
    parameters: [is.SET_ID],
    types: { 'application/json': 'Tip' },
    problems: [400, 404, 503],
    // A payer's own: neither shared with another request nor kept.
    answer: ({ param }, source) => {
      const setId = readSetId(param('setId'));
      return { make: () => render.tip(source, setId) };
    },
  },
];
