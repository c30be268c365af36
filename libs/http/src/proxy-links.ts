import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';

/** The attributes of HTML that name something to go to or to fetch. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  track: ['src'],
  video: ['poster', 'src'],
};
/** What is in these is text, whatever it looks like. */
const TEXT_ELEMENTS = new Set(['script', 'style', 'textarea', 'title']);

const TAG = /^<([A-Za-z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*>/;
const ATTRIBUTE = /(\s)([^\s=>"'/]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;
/** A tag of more characters is passed on as it is. */
const TAG_MAX = 64 * 1024;

/** What leads a link through a proxy; undefined leaves it as it is. */
export type Through = (link: string) => string | undefined;

/** HTML as it comes in pieces, with its links led through a proxy. */
export class LinkRewriter {
  private rest = '';
  /** Up to where everything is text. */
  private until: string | undefined;

  constructor(private readonly through: Through) {}

  /** As much as can be said after this piece. */
  take(piece: string): string {
    this.rest += piece;
    let out = '';
    for (let next = this.step(); next !== undefined; next = this.step()) out += next;
    return out;
  }
  /** What was held back in the hope of more. */
  end(): string {
    const { rest } = this;
    this.rest = '';
    return rest;
  }

  private step(): string | undefined {
    if (this.rest === '') return undefined;
    if (this.until !== undefined) return this.text(this.until);
    const open = this.rest.indexOf('<');
    if (open !== 0) return this.cut(open < 0 ? this.rest.length : open);
    if (this.rest.startsWith('<!--')) {
      this.until = '-->';
      return this.cut(4);
    }
    if ('<!--'.startsWith(this.rest)) return undefined;
    if (!/^<[A-Za-z]/.test(this.rest)) return this.cut(1);
    const tag = TAG.exec(this.rest);
    if (!tag) return this.rest.length > TAG_MAX ? this.cut(this.rest.length) : undefined;
    const name = (tag[1] as string).toLowerCase();
    if (TEXT_ELEMENTS.has(name)) this.until = `</${name}`;
    return rewritten(name, this.cut(tag[0].length), this.through);
  }
  private text(until: string): string | undefined {
    const at = this.rest.toLowerCase().indexOf(until);
    if (at >= 0) {
      this.until = undefined;
      return this.cut(at + until.length);
    }
    const sure = this.rest.length - until.length + 1;
    return sure > 0 ? this.cut(sure) : undefined;
  }
  private cut(length: number): string {
    const head = this.rest.slice(0, length);
    this.rest = this.rest.slice(length);
    return head;
  }
}

function rewritten(name: string, tag: string, through: Through): string {
  const links = LINKS[name];
  if (!links) return tag;
  return tag.replace(ATTRIBUTE, (whole, space: string, attribute: string, equals: string, value: string) => {
    if (!links.includes(attribute.toLowerCase())) return whole;
    const quote = value.startsWith('"') || value.startsWith("'") ? value.charAt(0) : '';
    const link = quote === '' ? value : value.slice(1, -1);
    return `${space}${attribute}${equals}${quote}${through(link.trim()) ?? link}${quote}`;
  });
}

/**
 * What an answer has to pass so that the links of a page which begin at the root of who answers lead through the proxy too.
 * Relative ones do so anyway; a page packed in a way that is not known here stays as it is.
 */
export function waysThrough(headers: IncomingHttpHeaders, through: Through): readonly Transform[] {
  if (!/^text\/html\b/i.test(headers['content-type'] ?? '')) return [];
  const rewriting = linksThrough((link) => (/^(\/|https?:)/i.test(link) ? through(link) : undefined));
  switch (headers['content-encoding'] ?? 'identity') {
    case 'identity':
      return [rewriting];
    case 'gzip':
      return [createGunzip(), rewriting, createGzip()];
    case 'deflate':
      return [createInflate(), rewriting, createDeflate()];
    default:
      return [];
  }
}

/** On bytes: links are ASCII in all encodings that programs send, so every byte stays a character. */
function linksThrough(through: Through): Transform {
  const rewriter = new LinkRewriter(through);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) =>
      done(null, Buffer.from(rewriter.take(chunk.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(rewriter.end(), 'latin1')),
  });
}
