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

  it('written with references are read as what they mean, and others keep their own', () => {
    expect(rewritten('<a href="&#47;x?a=1&amp;b=2" title="&copy;">')).toBe(
      '<a href="/proxy/x?a=1&amp;b=2" title="&copy;">',
    );
  });
  it('are left alone after a tag that is larger than any page has, which is passed on', () => {
    const many = `<a ${Array.from({ length: 5000 }, (_, i) => `a${i}`).join(' ')} href="/x">`;
    const long = `<a title="${'x'.repeat(2 * 1024 * 1024)}" href="/x">`;
    for (const tag of [many, long]) expect(rewritten(`${tag}<a href="/y">`)).toBe(`${tag}<a href="/y">`);
    const image = `<img alt="${'x'.repeat(100_000)}" src="/x">`;
    expect(rewritten(image)).toBe(image.replace('/x', '/proxy/x'));
  });
});
