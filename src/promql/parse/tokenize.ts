/**
 * Cuts a query into tokens as Prometheus' lexer does, so that what it cannot read is refused in the same words. What a
 * character means depends on whether braces or brackets are open. Source: Prometheus 3.14, promql/parser/lex.go.
 */
import { goQuote, goQuoteChar } from '../print/go-quote.js';
import { scanDuration, scanNumber } from './scan-number.js';
import { scanString } from './scan-string.js';
import { keywords, queryParts, type Token, type TokenType } from './token.js';

/** What the lexer could not read; `at` is where the token began. */
export interface LexicalFault {
  readonly at: number;
  readonly message: string;
}

export interface TokenizedQuery {
  /** Without comments; ends with `end of input` where nothing is at fault. */
  readonly tokens: readonly Token[];
  /** It takes the place of the token after the last one. */
  readonly fault: LexicalFault | undefined;
}

/** All tokens up to the first that cannot be read. */
export function tokenize(query: string): TokenizedQuery {
  const lexer = new Lexer(query);
  try {
    lexer.run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { tokens: lexer.tokens, fault: { at: error.at, message: error.message } };
  }
  return { tokens: lexer.tokens, fault: undefined };
}

class Fault extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\n' || char === '\r';
const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9';
const isAlpha = (char: string): boolean => (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_';

/** Single characters that are tokens wherever an expression stands. */
const singles = new Set([',', '*', '/', '%', '+', '-', '^', '@']);
const durationSingles = new Set(['+', '-', '*', '/', '%', '^', ',']);

const wordPattern = /[A-Za-z0-9_:]*/y;
const labelPattern = /[A-Za-z0-9_]*/y;
const alphaPattern = /[A-Za-z_]*/y;
const commentPattern = /#[^\r\n]*/y;
const spacePattern = /[ \t\r\n]*/y;
const parenAheadPattern = /[ \t\r\n]*\(/y;

/** `[` was read, and then `:`, and then a number or duration at any time before: the state that tells durations apart. */
class Lexer {
  readonly tokens: Token[] = [];
  readonly #query: string;
  #at = 0;
  #start = 0;
  #parenDepth = 0;
  #inBraces = false;
  #inBrackets = false;
  /** A bracket's part where only a duration can stand; a number ends it. */
  #wantsDuration = false;
  #gotColon = false;
  #gotDuration = false;

  constructor(query: string) {
    this.#query = query;
  }

  run(): void {
    let isEnd = false;
    while (!isEnd) {
      this.#start = this.#at;
      const char = this.#next();
      isEnd = char === undefined;
      if (this.#inBraces) this.#insideBraces(char);
      else if (this.#wantsDuration) this.#duration(char);
      else if (char === undefined) this.#end();
      else this.#statement(char);
    }
  }

  /** The next character, whole; undefined at the end. */
  #next(): string | undefined {
    const code = this.#query.codePointAt(this.#at);
    if (code === undefined) return undefined;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#start;
    pattern.exec(this.#query);
    this.#at = pattern.lastIndex;
  }

  #emit(type: TokenType): void {
    this.tokens.push({ type, from: this.#start, to: this.#at });
  }

  #fail(message: string, at = this.#start): never {
    throw new Fault(at, message);
  }

  #end(): void {
    if (this.#parenDepth !== 0) this.#fail('unclosed left parenthesis');
    if (this.#inBrackets) this.#fail('unclosed left bracket');
    this.#emit('end of input');
  }

  #statement(char: string): void {
    if (isSpace(char)) this.#skip(spacePattern);
    else if (char === '#') this.#skip(commentPattern);
    else if (singles.has(char)) this.#emit(char);
    else if (this.#isNumberStart(char)) this.#number();
    else if (isAlpha(char) || char === ':') this.#anyWord(char);
    else this.#symbol(char);
  }

  #isNumberStart(char: string): boolean {
    return isDigit(char) || (char === '.' && isDigit(this.#query[this.#at]));
  }

  #anyWord(char: string): void {
    if (this.#inBrackets) this.#wordInBrackets(char);
    else this.#word();
  }

  #symbol(char: string): void {
    switch (char) {
      case '=':
        this.#equals();
        break;
      case '!':
        this.#notEquals();
        break;
      case '<':
      case '>':
        if (this.#query[this.#at] === '=' || this.#query[this.#at] === '/') this.#at++;
        this.#emit(this.#query.slice(this.#start, this.#at));
        break;
      case '"':
      case "'":
      case '`':
        this.#string();
        break;
      default:
        this.#bracket(char);
        break;
    }
  }

  #equals(): void {
    const next = this.#query[this.#at];
    if (next === '~') this.#fail(`unexpected character after '=': ${goQuoteChar(next)}`);
    if (next === '=') this.#at++;
    this.#emit(next === '=' ? '==' : '=');
  }

  #notEquals(): void {
    const next = this.#next();
    if (next !== '=') this.#fail(`unexpected character after '!': ${goQuoteChar(next)}`);
    this.#emit('!=');
  }

  #bracket(char: string): void {
    switch (char) {
      case '(':
      case ')':
        this.#paren(char);
        break;
      case '{':
        this.#inBraces = true;
        this.#emit(char);
        break;
      case '[':
        if (this.#inBrackets) this.#fail(`unexpected left bracket ${goQuoteChar(char)}`);
        this.#gotColon = false;
        this.#inBrackets = true;
        this.#wantsDuration = true;
        this.#emit(char);
        break;
      case ']':
        if (!this.#inBrackets) this.#fail(`unexpected right bracket ${goQuoteChar(char)}`);
        this.#inBrackets = false;
        this.#emit(char);
        break;
      default:
        this.#fail(`unexpected character: ${goQuoteChar(char)}`);
    }
  }

  #paren(char: string): void {
    this.#parenDepth += char === '(' ? 1 : -1;
    if (this.#parenDepth < 0) this.#fail(`unexpected right parenthesis ${goQuoteChar(char)}`, this.#at);
    this.#emit(char);
  }

  #number(): void {
    this.#gotDuration ||= this.#wantsDuration;
    this.#wantsDuration = false;
    const number = scanNumber(this.#query, this.#start);
    this.#at = number.end;
    if (number.isValid) {
      this.#emit('number');
      return;
    }
    const duration = scanDuration(this.#query, this.#at);
    this.#at = duration.end;
    if (!duration.isValid) {
      this.#fail(`bad number or duration syntax: ${goQuote(this.#query.slice(this.#start, this.#at))}`);
    }
    this.#emit('duration');
  }

  #string(): void {
    const { end, fault } = scanString(this.#query, this.#start);
    if (fault !== undefined) this.#fail(fault);
    this.#at = end;
    this.#emit('string');
  }

  #word(): void {
    this.#skip(wordPattern);
    const word = this.#query.slice(this.#start, this.#at);
    const keyword = keywords.get(word.toLowerCase());
    // A metric may be called fill; the modifier has parentheses.
    const isName = keyword === undefined || (keyword.startsWith('fill') && !this.#isParenAhead());
    if (isName) this.#emit(word.includes(':') ? 'metric identifier' : 'identifier');
    else this.#emit(keyword);
  }

  #isParenAhead(): boolean {
    parenAheadPattern.lastIndex = this.#at;
    return parenAheadPattern.test(this.#query);
  }

  /** After a number within brackets only a colon, or `step`, `range`, `min_of` or `max_of`, can stand. */
  #wordInBrackets(char: string): void {
    if (char === ':') {
      if (this.#gotColon) this.#fail(`unexpected colon ${goQuoteChar(char)}`);
      this.#gotColon = true;
      this.#emit(char);
    } else if (!this.#durationWord(char)) {
      this.#fail(`unexpected character: ${goQuoteChar(char)}, expected ':'`);
    }
  }

  /** Emits a word of duration expressions; false where there is none. */
  #durationWord(char: string): boolean {
    if (!/[srm]/i.test(char)) return false;
    this.#skip(alphaPattern);
    const word = this.#query.slice(this.#start, this.#at).toLowerCase();
    if (!queryParts.has(word) || word === 'start' || word === 'end') return false;
    this.#emit(word);
    return true;
  }

  #duration(char: string | undefined): void {
    const place = 'duration expression';
    if (char === undefined) this.#fail(`unexpected end of input in ${place}`);
    if (isSpace(char)) this.#skip(spacePattern);
    else if (durationSingles.has(char)) this.#emit(char);
    else if (this.#isNumberStart(char)) this.#number();
    else this.#durationSymbol(char, place);
  }

  #durationSymbol(char: string, place: string): void {
    switch (char) {
      case ']':
        this.#inBrackets = false;
        this.#wantsDuration = false;
        this.#gotColon = false;
        this.#emit(char);
        break;
      case ':':
        if (!this.#gotDuration) this.#fail(`unexpected colon before duration in ${place}`, this.#at);
        if (this.#gotColon) this.#fail(`unexpected repeated colon in ${place}`, this.#at);
        this.#gotColon = true;
        this.#emit(char);
        break;
      case '(':
      case ')':
        this.#paren(char);
        break;
      default:
        if (!this.#durationWord(char)) this.#fail(`unexpected character in ${place}: ${goQuoteChar(char)}`);
    }
  }

  #insideBraces(char: string | undefined): void {
    if (char === undefined) this.#fail('unexpected end of input inside braces');
    if (isSpace(char)) {
      this.#skip(spacePattern);
    } else if (isAlpha(char)) {
      this.#skip(labelPattern);
      this.#emit('identifier');
    } else {
      this.#braceSymbol(char);
    }
  }

  #braceSymbol(char: string): void {
    switch (char) {
      case '#':
        this.#skip(commentPattern);
        break;
      case ',':
        this.#emit(char);
        break;
      case '"':
      case "'":
      case '`':
        this.#string();
        break;
      case '=':
        if (this.#query[this.#at] === '~') this.#at++;
        this.#emit(this.#query.slice(this.#start, this.#at));
        break;
      case '!': {
        const next = this.#next();
        if (next !== '~' && next !== '=') {
          this.#fail(`unexpected character after '!' inside braces: ${goQuoteChar(next)}`);
        }
        this.#emit(`!${next}`);
        break;
      }
      case '}':
        this.#inBraces = false;
        this.#emit(char);
        break;
      case '{':
        this.#fail(`unexpected left brace ${goQuoteChar(char)}`);
        break;
      default:
        this.#fail(`unexpected character inside braces: ${goQuoteChar(char)}`);
    }
  }
}
