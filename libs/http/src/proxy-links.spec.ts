import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LinkRewriter } from './proxy-links.js';

const through = (link: string): string | undefined => (link.startsWith('/') ? `/proxy${link}` : undefined);

function rewritten(html: string, pieces: readonly number[] = []): string {
  const rewriter = new LinkRewriter(through);
  let out = '';
  let from = 0;
  for (const to of [...pieces, html.length]) {
    out += rewriter.take(html.slice(from, to));
    from = to;
  }
  return out + rewriter.end();
}

describe('links in HTML that comes through a proxy', () => {
  it.each([
    ['<a href="/x">test</a>', '<a href="/proxy/x">test</a>'],
    ["<IMG alt='a > b' SRC='/x'/>", "<IMG alt='a > b' SRC='/proxy/x'/>"],
    ['<form action=/x method=post>', '<form action=/proxy/x method=post>'],
    [
      '<script src="/x">if (a<b) s = \'<a href="/y">\'</script>',
      '<script src="/proxy/x">if (a<b) s = \'<a href="/y">\'</script>',
    ],
    ['<p title="/x"><a name="/x" href="y">', '<p title="/x"><a name="/x" href="y">'],
    ['<!-- <a href="/x"> --><a href="/y">', '<!-- <a href="/x"> --><a href="/proxy/y">'],
    ['1 < 2 <<a href="/x">', '1 < 2 <<a href="/proxy/x">'],
    ['<a href="/x', '<a href="/x'],
  ])('%s', (html, expected) => {
    expect(rewritten(html)).toBe(expected);
  });

  it('are found wherever the pieces are cut', () => {
    const html =
      '<!DOCTYPE html><title><a href="/t"></title><!-- <a href="/c"> -->1 < 2<a\nhref="/x">x</a><link href=/y>';
    const whole = rewritten(html);
    expect(whole).toContain('/proxy/x');
    fc.assert(
      fc.property(fc.array(fc.nat(html.length)), (cuts) => {
        expect(
          rewritten(
            html,
            [...cuts].sort((a, b) => a - b),
          ),
        ).toBe(whole);
      }),
    );
  });
  it('never change what is no link', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>!-/ "\'=a') }), (html) => {
        expect(rewritten(html)).toBe(html);
      }),
    );
  });
});
