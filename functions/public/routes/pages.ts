import { readOverlay } from '../../pages/overlay.ts';
import { docsPage, documentOf, favicon, homePage, robots } from '../../pages/siteFiles.ts';
import * as is from '../api/parameters.ts';
import { readHandle, readOption } from '../api/request.ts';
import * as render from '../render.ts';
import { OF_INVOICE, type Route } from './route.ts';

/** Pages, and what browsers and crawlers ask for unasked. */
export const pageRoutes: readonly Route[] = [
  {
    path: '/@{handle}',
    id: 'readPage',
    tag: 'pages',
    summary: 'The page where a creator is tipped.',
    description: 'It works without JavaScript; with it, new tips appear by themselves.',
    parameters: [is.HANDLE, is.OPTION],
    types: { 'text/html': 'text' },
    problems: OF_INVOICE,
    answer: ({ param, query }, source) => {
      const handle = readHandle(param('handle'));
      const option = readOption(query('option'));
      return { key: `${handle} ${option}`, make: () => render.page(source, handle, option) };
    },
  },
  {
    path: '/@{handle}/overlay',
    id: 'readOverlay',
    tag: 'pages',
    summary: 'A transparent page that shows each new tip for some seconds, for streaming software.',
    description: 'It is there where pages are live. What it does not know of a query is refused.',
    parameters: [is.HANDLE, ...is.OVERLAY],
    types: { 'text/html': 'text' },
    problems: OF_INVOICE,
    isThere: ({ live }) => live !== undefined,
    // Shared with nobody: what it begins with is older the next moment.
    answer: ({ param, wholeQuery }, source) => {
      const handle = readHandle(param('handle'));
      const overlay = readOverlay(wholeQuery());
      return { make: () => render.overlay(source, handle, overlay) };
    },
  },
  {
    path: '/',
    id: 'readHome',
    tag: 'service',
    summary: 'What this service is.',
    description: 'A page for who comes without a creator’s name.',
    types: { 'text/html': 'text' },
    fixed: homePage,
  },
  {
    path: '/docs',
    id: 'readDocs',
    tag: 'service',
    summary: 'This description as a page.',
    description: 'What openapi.json has, in short.',
    types: { 'text/html': 'text' },
    fixed: ({ openapi }) => docsPage(openapi),
  },
  {
    path: '/openapi.json',
    id: 'readOpenapi',
    tag: 'service',
    summary: 'This description.',
    description: 'OpenAPI 3.1.',
    types: { 'application/json': 'object' },
    fixed: ({ openapi }) => documentOf(openapi),
  },
  {
    path: '/robots.txt',
    id: 'readRobots',
    tag: 'service',
    summary: 'What crawlers may fetch.',
    description: 'Tip pages are theirs to find, what programs read is not.',
    types: { 'text/plain': 'text' },
    fixed: robots,
  },
  {
    path: '/favicon.ico',
    id: 'readIcon',
    tag: 'service',
    summary: 'The icon of the pages.',
    description: 'For browsers that ask for it without having seen a page.',
    types: { 'image/png': 'bytes' },
    fixed: favicon,
  },
];
