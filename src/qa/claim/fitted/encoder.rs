Network {
    hidden: [[0.0; DIRECTION]; HIDDEN],
    out: [0.0; HIDDEN + 1],
}
