/**
 * Refuses what the types of PromQL forbid, before anything runs. The order and the words of the checks are those of Prometheus
 * 3.14, promql/parser/parse.go, `checkAST`.
 */
import { metricNameLabel } from '../../model/labels.js';
import {
  type Aggregate,
  type Binary,
  type Call,
  childrenOf,
  type Expression,
  type VectorSelector,
  valueTypeOf,
} from '../ast.js';
import { goQuote } from '../print/go-quote.js';
import type { ValueType } from '../value-type.js';
import type { BuiltExpression } from './build-expression.js';
import { promqlError } from './promql-error.js';

/** Throws `invalid_promql` for the first part whose type does not fit. */
export function checkTypes({ expression, written }: BuiltExpression, query: string): void {
  new TypeCheck(written, query).check(expression);
}

const documentedTypes: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>=']);
const setOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

class TypeCheck {
  readonly #written: BuiltExpression['written'];
  readonly #query: string;
  /** The second argument of `info`, which may select by nothing. */
  #selectsLabels: Expression | undefined;

  constructor(written: BuiltExpression['written'], query: string) {
    this.#written = written;
    this.#query = query;
  }

  #refuse(at: number, message: string): never {
    throw promqlError(this.#query, at, message);
  }

  check(expression: Expression): ValueType {
    const type = valueTypeOf(expression);
    if (expression.kind === 'call') {
      this.#call(expression);
      return type;
    }
    if (expression.kind === 'aggregate') {
      this.#aggregate(expression);
      return type;
    }
    for (const child of childrenOf(expression)) this.check(child);
    switch (expression.kind) {
      case 'binary':
        this.#binary(expression);
        break;
      case 'vector_selector':
        this.#selector(expression);
        break;
      case 'unary':
        if (type !== 'scalar' && type !== 'vector') {
          const wanted = 'unary expression only allowed on expressions of type scalar or instant vector';
          this.#refuse(expression.from, `${wanted}, got ${goQuote(documentedTypes[type])}`);
        }
        break;
      case 'subquery': {
        const inner = valueTypeOf(expression.expression);
        if (inner !== 'vector') {
          this.#refuse(expression.from, `subquery is only allowed on instant vector, got ${inner} instead`);
        }
        break;
      }
    }
    return type;
  }

  #expect(expression: Expression, wanted: ValueType, place: string): void {
    const type = this.check(expression);
    if (type === wanted) return;
    const [want, got] = [documentedTypes[wanted], documentedTypes[type]];
    this.#refuse(expression.from, `expected type ${want} in ${place}, got ${got}`);
  }

  #aggregate({ op, expression, parameter }: Aggregate): void {
    this.#expect(expression, 'vector', 'aggregation expression');
    if (parameter === undefined) return;
    this.#expect(parameter, op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter');
  }

  #call(call: Call): void {
    const { args } = call;
    const { name, argTypes } = call.function;
    this.#argumentCount(call);
    if (name === 'info' && args[1] !== undefined) this.#labelSelector(call, args[1]);
    args.forEach((argument, index) => {
      this.#expect(argument, argTypes[Math.min(index, argTypes.length - 1)]!, `call to function ${goQuote(name)}`);
    });
  }

  #argumentCount({ args, from, function: { name, argTypes, variadic } }: Call): void {
    const refuse = (wanted: string): never =>
      this.#refuse(from, `expected ${wanted} argument(s) in call to ${goQuote(name)}, got ${args.length}`);
    if (variadic === 0) {
      if (args.length !== argTypes.length) refuse(`${argTypes.length}`);
      return;
    }
    const fewest = argTypes.length - 1;
    if (args.length < fewest) refuse(`at least ${fewest}`);
    if (args.length > fewest + variadic) refuse(`at most ${fewest + variadic}`);
  }

  #labelSelector(call: Call, labels: Expression): void {
    const type = valueTypeOf(labels);
    if (type !== 'vector') {
      const place = `call to function ${goQuote(call.function.name)}`;
      this.#refuse(call.from, `expected type instant vector in ${place}, got ${documentedTypes[type]}`);
    }
    if (labels.kind !== 'vector_selector') this.#refuse(labels.from, 'expected label selectors only');
    if (labels.name !== undefined) {
      this.#refuse(labels.from, 'expected label selectors only, got vector selector instead');
    }
    this.#selectsLabels = labels;
  }

  /** Where Prometheus points when the operator is at fault: behind the left side and the space after it. */
  #operatorAt({ left }: Binary): number {
    let at = left.to;
    while (' \t\r\n'.includes(this.#query[at] ?? '.')) at++;
    return at;
  }

  #binary(binary: Binary): void {
    const { op, left, right, returnsBool } = binary;
    const [leftType, rightType] = [valueTypeOf(left), valueTypeOf(right)];
    const matching = this.#written.get(binary)!;
    if (returnsBool && !comparisons.has(op)) {
      this.#refuse(this.#operatorAt(binary), 'bool modifier can only be used on comparison operators');
    }
    if (comparisons.has(op) && !returnsBool && leftType === 'scalar' && rightType === 'scalar') {
      this.#refuse(this.#operatorAt(binary), 'comparisons between scalars must use BOOL modifier');
    }
    const twice = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
    if (twice !== undefined) {
      const message = `label ${goQuote(twice)} must not occur in ON and GROUP clause at once`;
      this.#refuse(this.#operatorAt(binary), message);
    }
    for (const [side, type] of [[left, leftType] as const, [right, rightType] as const]) {
      if (type !== 'scalar' && type !== 'vector') {
        this.#refuse(side.from, 'binary expression must contain only scalar and instant vector types');
      }
    }
    this.#matching(binary, leftType === 'vector' && rightType === 'vector');
  }

  #matching(binary: Binary, isBetweenVectors: boolean): void {
    const { op, from } = binary;
    const { cardinality, labels, fill } = this.#written.get(binary)!;
    const isFilled = fill.left !== undefined || fill.right !== undefined;
    if (!isBetweenVectors) {
      if (labels.length > 0) this.#refuse(from, 'vector matching only allowed between instant vectors');
      if (isFilled) this.#refuse(from, 'filling in missing series only allowed between instant vectors');
      if (setOperators.has(op)) {
        this.#refuse(from, `set operator ${goQuote(op)} not allowed in binary scalar expression`);
      }
    } else if (setOperators.has(op)) {
      if (cardinality !== 'many-to-many') this.#refuse(from, `no grouping allowed for ${goQuote(op)} operation`);
      if (isFilled) this.#refuse(from, 'filling in missing series not allowed for set operators');
    }
  }

  #selector(selector: VectorSelector): void {
    const { name, matchers, from } = selector;
    if (name !== undefined) {
      const twice = matchers.slice(0, -1).find((matcher) => matcher.name === metricNameLabel);
      if (twice === undefined) return;
      this.#refuse(from, `metric name must not be set twice: ${goQuote(name)} or ${goQuote(twice.value)}`);
    }
    if (selector === this.#selectsLabels || matchers.some(({ matches }) => !matches(''))) return;
    this.#refuse(from, 'vector selector must contain at least one non-empty matcher');
  }
}
