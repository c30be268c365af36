import type { IncomingHttpHeaders } from 'node:http';
import { Transform } from 'node:stream';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';
import { SAXParser, type SaxToken, type StartTag } from 'parse5-sax-parser';

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
/** What leads a link through a proxy; undefined leaves it as it is. */
export type Through = (link: string) => string | undefined;

/** A tag of more characters, or of more attributes, ends the rewriting: what follows is passed on as it is. */
const TAG_MAX = 1024 * 1024;
const ATTRIBUTES_MAX = 500;
/** How much the parser is given before the limits are looked at again. */
const PIECE = 2048;
/**
 * The parser keeps a token that has not ended as one text, which costs its whole length with each piece. One of more
 * characters than these is given to it in larger pieces.
 */
const LONG_TOKEN = 64 * 1024;
const LONG_PIECE = 16 * 1024;

/**
 * HTML as it comes in pieces, with its links led through a proxy. The parser says where tags and their attributes are; what
 * is sent on is the text itself, but for the values of links.
 */
export class LinkRewriter {
  private readonly tags: TagParser;
  /** What was taken and not yet given out. */
  private held = '';
  /** The end of it, which the parser has not been given yet. */
  private unread = '';
  /** Where in the document it begins. */
  private from = 0;
  private out = '';
  private isOver = false;

  constructor(through: Through) {
    this.tags = new TagParser((end, changes) => this.give(end, changes), through);
  }

  /** As much as can be said after this piece. */
  take(text: string): string {
    for (let at = 0; at < text.length; at += PIECE) {
      const piece = text.slice(at, at + PIECE);
      this.held += piece;
      this.unread += piece;
      if (this.held.length <= LONG_TOKEN || this.unread.length >= LONG_PIECE) this.read();
    }
    return this.given();
  }
  /** What was held back in the hope of more. */
  end(): string {
    this.read();
    const rest = this.given() + this.held;
    this.held = '';
    return rest;
  }

  private read(): void {
    if (!this.isOver) this.tags.feed(this.unread);
    this.unread = '';
    if (this.held.length > TAG_MAX || this.tags.attributes > ATTRIBUTES_MAX) this.isOver = true;
    if (this.isOver) this.give(this.from + this.held.length, []);
  }
  private given(): string {
    const { out } = this;
    this.out = '';
    return out;
  }

  /** Gives out everything before a place in the document, with some parts replaced. */
  private give(end: number, changes: readonly Change[]): void {
    let at = 0;
    for (const { start, end: until, make } of changes) {
      const [first, last] = [start - this.from, until - this.from];
      this.out += this.held.slice(at, first) + make(this.held.slice(first, last));
      at = last;
    }
    this.out += this.held.slice(at, end - this.from);
    this.held = this.held.slice(end - this.from);
    this.from = end;
  }
}

/** A part of a document, by its places there, and what to write for it. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly make: (text: string) => string;
}

type Places = Readonly<Record<string, { readonly startOffset: number; readonly endOffset: number } | undefined>>;

class TagParser extends SAXParser {
  constructor(
    private readonly onToken: (end: number, changes: readonly Change[]) => void,
    private readonly through: Through,
  ) {
    super({ sourceCodeLocationInfo: true });
  }

  feed(piece: string): void {
    this._transformChunk(piece);
  }
  /** Of the tag that is being read: the parser compares each with all before it. */
  get attributes(): number {
    const token = this.tokenizer['currentToken'];
    return token !== null && 'attrs' in token ? token.attrs.length : 0;
  }

  protected override emitIfListenerExists(eventName: string, token: SaxToken): boolean {
    const end = token.sourceCodeLocation?.endOffset;
    if (end !== undefined) this.onToken(end, eventName === 'startTag' ? this.changes(token as StartTag) : []);
    return true;
  }

  private changes({ tagName, attrs, sourceCodeLocation }: StartTag): readonly Change[] {
    const links = LINKS[tagName];
    if (!links) return [];
    const { attrs: places } = (sourceCodeLocation ?? {}) as { readonly attrs?: Places };
    return attrs
      .flatMap(({ name, value }): readonly Change[] => {
        const place = places?.[name];
        const link = links.includes(name) && place ? this.through(asUtf8(value.trim())) : undefined;
        if (place === undefined || link === undefined) return [];
        return [{ start: place.startOffset, end: place.endOffset, make: (text) => written(text, name, link) }];
      })
      .sort((a, b) => a.start - b.start);
  }
}

/** The attribute with another value, quoted as it was. */
function written(text: string, name: string, value: string): string {
  const quote = text.endsWith('"') ? '"' : text.endsWith("'") ? "'" : /[\s"'=<>`]/.test(value) ? '"' : '';
  const escaped = value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
  return `${text.slice(0, name.length)}=${quote}${escaped}${quote}`;
}
/** The parser is given one character for each byte; a link is read as what those bytes say. */
function asUtf8(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
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
