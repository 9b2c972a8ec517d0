/** What runs in the browser: nothing that a page needs. It says the values of a chart under the pointer, read from its table. */
export const script = `'use strict'`
