import { expect, test } from 'vitest';
import { markup } from '../../../functions/pages/markup.ts';

const HOSTILE = `"><script>alert('1')</script>&amp;`;
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;';

test('content is markup in its order, and what anyone wrote is text in it, be it in an attribute', () => {
  expect(
    `${markup(['Tip ', ['a', { href: HOSTILE, title: 'x' }, [HOSTILE, ['b', {}, [HOSTILE]]]], HOSTILE])}`,
  ).toBe(`Tip <a href="${ESCAPED}" title="x">${ESCAPED}<b>${ESCAPED}</b></a>${ESCAPED}`);
  expect(`${markup([])}`).toBe('');
});
