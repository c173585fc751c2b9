/** Series selectors, such as `up{job="api", pod=~"api-.*"}`, on Prometheus' own grammar. What `match[]` takes. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { BarographError } from '../base/errors.js';
import { metricNameLabel } from '../model/labels.js';
import { createMatcher, type Matcher } from '../model/matcher.js';
import { unquote } from './string-literal.js';

/**
 * The matchers of a selector. Throws `bad_request` with the place of what is not a selector, or where no matcher excludes the empty
 * value, which would select everything; `invalid_matcher` for a bad regular expression.
 */
export function parseSelector(text: string): Matcher[] {
  const tree = parser.parse(text);
  const errors: number[] = [];
  tree.iterate({
    enter(node) {
      if (node.type.isError) errors.push(node.from);
    },
  });
  if (errors.length > 0) throw refused(text, errors[0]!, 'this is not PromQL');
  const selector = tree.topNode.firstChild;
  if (selector?.name !== 'VectorSelector')
    throw refused(text, 0, `got ${selector?.name ?? 'nothing'}, wanted a series selector such as up{job="api"}`);
  const matchers = matchersOf(selector, text);
  if (!matchers.some(({ matches }) => !matches('')))
    throw refused(text, 0, 'at least one matcher must not match the empty value, or every series would be meant');
  return matchers;
}

function matchersOf(selector: SyntaxNode, text: string): Matcher[] {
  const read = (node: SyntaxNode): string => text.slice(node.from, node.to);
  const name = selector.getChild('Identifier');
  const matchers = name === null ? [] : [createMatcher(metricNameLabel, '=', read(name))];
  const list = selector.getChild('LabelMatchers');
  for (let node = list?.firstChild ?? null; node !== null; node = node.nextSibling) {
    const literal = (child: SyntaxNode | null): string => unquoted(child!, text);
    switch (node.name) {
      case 'UnquotedLabelMatcher':
        matchers.push(
          createMatcher(
            read(node.getChild('LabelName')!),
            read(node.getChild('MatchOp')!),
            literal(node.getChild('StringLiteral')),
          ),
        );
        break;
      case 'QuotedLabelMatcher':
        matchers.push(
          createMatcher(
            literal(node.getChild('QuotedLabelName')!.getChild('StringLiteral')),
            read(node.getChild('MatchOp')!),
            literal(node.getChild('StringLiteral')),
          ),
        );
        break;
      case 'QuotedLabelName':
        // The name of the metric, quoted because it is no identifier.
        if (name !== null) throw refused(text, node.from, `the metric's name is there already, ${read(name)}`);
        matchers.push(createMatcher(metricNameLabel, '=', literal(node.getChild('StringLiteral'))));
        break;
    }
  }
  return matchers;
}

function unquoted(literal: SyntaxNode, text: string): string {
  const value = unquote(text.slice(literal.from, literal.to));
  if (value === undefined) throw refused(text, literal.from, 'the text holds an escape that there is not');
  return value;
}

const refused = (text: string, at: number, why: string): BarographError =>
  new BarographError('bad_request', `invalid selector ${JSON.stringify(text)} at character ${at + 1}: ${why}`);
