//! The layer of an image in the bytes that BuildKit writes with containerd's
//! image store, so that `make image` and `docker build` agree on it.
//!
//! Both write the same tar archive, but for one field: buildah keeps the type
//! of a file in its mode (`0100644`), containerd's `pkg/archive/tar.go`, which
//! BuildKit uses, does not (`0000644`). What they compress differs all the
//! same, so the digest to compare is that of the unpacked layer, among the
//! `diff_ids` of the image's configuration.

use crate::layout::hex;
use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;

/// Rewrites the only layer of the only image of a layout that buildah made.
///
/// # Errors
///
/// If it is no such layout, or cannot be written.
pub fn as_buildkit_writes_it(layout: &Path) -> Result<()> {
    let path = layout.join("index.json");
    let blobs = layout.join("blobs/sha256");
    let mut index: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    replace(&blobs, &mut index["manifests"][0], |manifest| {
        let mut manifest: Value = serde_json::from_slice(&manifest)?;
        let layers = manifest["layers"].as_array().map_or(0, Vec::len);
        ensure!(layers == 1, "the image has {layers} layers");
        let mut unpacked = String::new();
        replace(&blobs, &mut manifest["layers"][0], |layer| {
            let mut archive = Vec::new();
            GzDecoder::new(layer.as_slice()).read_to_end(&mut archive)?;
            leave_types_out_of_modes(&mut archive)?;
            unpacked = format!("sha256:{}", hex(&archive));
            let mut layer = GzEncoder::new(Vec::new(), Compression::best());
            layer.write_all(&archive)?;
            Ok(layer.finish()?)
        })?;
        replace(&blobs, &mut manifest["config"], |config| {
            let mut config: Value = serde_json::from_slice(&config)?;
            config["rootfs"]["diff_ids"] = json!([unpacked]);
            Ok(config.to_string().into_bytes())
        })?;
        // Those that buildah makes of no base: empty, where a digest belongs.
        if let Some(manifest) = manifest.as_object_mut() {
            manifest.remove("annotations");
        }
        Ok(manifest.to_string().into_bytes())
    })?;
    std::fs::write(path, index.to_string())?;
    Ok(())
}

/// Replaces the blob that a descriptor names, and what the descriptor says.
fn replace(
    blobs: &Path,
    descriptor: &mut Value,
    change: impl FnOnce(Vec<u8>) -> Result<Vec<u8>>,
) -> Result<()> {
    let digest = descriptor["digest"].as_str();
    let digest = digest.and_then(|digest| digest.strip_prefix("sha256:"));
    let old = blobs.join(digest.context("a descriptor without a SHA-256 digest")?);
    let blob = change(std::fs::read(&old)?)?;
    std::fs::remove_file(old)?;
    let digest = hex(&blob);
    std::fs::write(blobs.join(&digest), &blob)?;
    descriptor["digest"] = format!("sha256:{digest}").into();
    descriptor["size"] = blob.len().into();
    Ok(())
}

const BLOCK: usize = 512;

/// Leaves only the permissions in the mode of each entry of a tar archive.
fn leave_types_out_of_modes(archive: &mut [u8]) -> Result<()> {
    let mut rest = archive;
    // The archive ends with blocks of zeros.
    while let Some((header, entries)) = rest.split_first_chunk_mut::<BLOCK>()
        && header[0] != 0
    {
        let mode = number(&header[100..108])? & 0o7777;
        header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
        // The checksum is taken with spaces in its place.
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());

        let size = usize::try_from(number(&header[124..136])?)?;
        let (_, next) = entries
            .split_at_mut_checked(size.next_multiple_of(BLOCK))
            .context("the layer is cut short")?;
        rest = next;
    }
    Ok(())
}

/// An octal number in a header.
fn number(field: &[u8]) -> Result<u64> {
    let digits = std::str::from_utf8(field)?.trim_end_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).with_context(|| format!("{digits:?} in a tar header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(mode: u32, content: &[u8]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for name in ["geo.wasm", "spin.toml"] {
            let mut header = tar::Header::new_ustar();
            header.set_mode(mode);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, content).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn modes_are_permissions_and_nothing_else_changes() {
        for content in [&b""[..], b"mud", &[7; 512], &[7; 513]] {
            let mut layer = archive(0o100_644, content);
            leave_types_out_of_modes(&mut layer).unwrap();
            // The crate writes a checksum in another way.
            let mut expected = archive(0o644, content);
            leave_types_out_of_modes(&mut expected).unwrap();
            assert!(layer == expected);
            // It checks checksums.
            for entry in tar::Archive::new(layer.as_slice()).entries().unwrap() {
                assert_eq!(entry.unwrap().header().mode().unwrap(), 0o644);
            }
        }
    }

    #[test]
    fn the_header_is_as_go_writes_it() {
        let mut layer = archive(0o100_644, b"mud");
        leave_types_out_of_modes(&mut layer).unwrap();
        assert_eq!(&layer[100..108], b"0000644\0");
        assert_eq!(&layer[154..156], b"\0 ");
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        assert!(leave_types_out_of_modes(&mut [b'x'; 1024]).is_err());
        let mut cut = archive(0o100_644, &[7; 2000]);
        cut.truncate(1024);
        assert!(leave_types_out_of_modes(&mut cut).is_err());
    }
}
