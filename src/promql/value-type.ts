/** What an expression evaluates to. A vector is an instant vector, a matrix a range vector. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';
