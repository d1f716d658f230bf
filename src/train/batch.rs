//! Numbers for libtorch: token ids padded to one length with their mask, learning rates, accuracy.

use tch::{Kind, Tensor};

/// Token ids of several texts, padded to the longest, and the mask that is 1 where a token stands. Both are
/// `[texts, tokens]`.
pub fn pad(ids: &[Vec<i64>]) -> (Tensor, Tensor) {
    let longest = ids.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut flat = vec![0i64; ids.len() * longest];
    let mut mask = vec![0i64; ids.len() * longest];
    for (row, text) in ids.iter().enumerate() {
        flat[row * longest..row * longest + text.len()].copy_from_slice(text);
        mask[row * longest..row * longest + text.len()].fill(1);
    }
    let shape = [ids.len() as i64, longest as i64];
    (Tensor::from_slice(&flat).reshape(shape), Tensor::from_slice(&mask).reshape(shape))
}

/// Rows scaled to length 1.
pub fn normalized(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2, [-1i64].as_slice(), true).clamp_min(1e-9)
}

/// Share of the most at a step: rises over the first tenth of all steps, then falls to 0.
pub fn warm_and_fall(step: usize, steps: usize) -> f64 {
    let warm = (steps / 10).max(1);
    if step < warm { (step + 1) as f64 / warm as f64 } else { (steps - step) as f64 / (steps - warm).max(1) as f64 }
}

/// The mean of the rows of each class, of length 1; `[classes, dims]`. A class without rows gets zeros.
pub fn means(rows: &Tensor, classes: &[i64], count: usize) -> Tensor {
    let dims = rows.size()[1];
    let sums = Tensor::zeros([count as i64, dims], (Kind::Float, tch::Device::Cpu));
    normalized(&sums.index_add(0, &Tensor::from_slice(classes), rows))
}

/// Share of the rows whose highest logit is their class.
pub fn accuracy(logits: &Tensor, classes: &Tensor) -> f64 {
    if classes.numel() == 0 {
        return 0.0;
    }
    logits.argmax(-1, false).eq_tensor(classes).to_kind(Kind::Float).mean(Kind::Float).double_value(&[])
}
