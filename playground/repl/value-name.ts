/** What a piece of script is called in which a value is handed back: a function, and a `$var`. */
export const VALUE = "playground_value";
