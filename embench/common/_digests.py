"""The sha256 of the files that embench ships; ``embench hub digests`` writes this module."""

DIGESTS: dict[str, dict[str, str]] = {
    "dataset": {
        "checksums.txt": "da38f076345b6686e4d09d964706528d68b5cd5aded569b2e810488f3baa06ca",
        "test.parquet": "4f6636145eeaaa35cc252e7c0a34dc8148c12c4c2e4dfc980511ec624831d0c4",
        "train.parquet": "1c0bdec9e95a98090962bbd3d4c93fa3c7f2cb240941bc2e504a30e4fd7a66d9",
    },
    "oxygen-vacancies": {
        "checksums.txt": "e3a2824ecfdd7e8afa858f7a80bfe2857ffdc814de4f4ddc3519f6c4c2406c5c",
        "hops.parquet": "f4c979976d1783fe9edefeb665fbb63d38c9aa3cd11246dae926a48da07ea00f",
        "ledger.csv": "5380f07c2607bce43c29a647e8994c9d8cde9fc00334468a5540f9c47b84f470",
    },
    "versions": {
        "default-1.1.0.parquet": "59e402c359ff468fcff32869d952b8fd02b9db5879b5695dc5ebedbdc96d34e8",
    },
    "hub": {
        "checksums.txt": "c55ad41207907aadc3455b6563895ccb4b94d8de26285eb8d8036e19f0e4eec9",
        "test.parquet": "daa2bf5fa441523b5f6d76b0866ba8432e6d90e001ec019f997218b3d18e54d5",
        "train.parquet": "86f8a2c1b6b4450565e68c22583f44dfd7e6925d2ef24a23296a2f7271ac8c3e",
    },
    "splits": {
        "host-10fold.csv": "0c76e5441549812266e33b9c3eb825d617d413b1a31851696920ef33417f3c7a",
        "leave-one-class-out.csv": "1641e01a50f8d2d5a32ec55da5d6f434f75fd01851724b1fdcbb847441d63417",
        "leave-one-ion-out.csv": "df5715a8f3784000a107945ac0cb066a8a157be703d02f30361c080a04b3ac27",
        "manifest-1.1.0.json": "217932576b191142dc2d87196844f386e03635e374149a0d0c4af3aceecde6bf",
        "manifest.json": "c0cb5d2593e500ea1caef74d8e07fc3801af1ca694fe8c5987b73f873dff5e91",
        "oxygen-10fold.csv": "cf2c5b309bdf291a1091fcf92e0d0f0462fb0be3762790799a4db91ac2b4d529",
        "prototype-10fold.csv": "ba4a5937e995b5d49892bee7b9e6bab55c0f4b89707aeadc444664bd86571ff5",
        "published.csv": "98f4abaabd874ecdbf81058268f0a49e1d365218d7a30fc6aabe5b4f6fb07a65",
        "random-10fold.csv": "be34266bff17c073ec39ab6bcc6ca4ac34e7eff597a23b88775b42c40e474825",
        "to-oxygen.csv": "45b1f7c410e2e2e60c8fa97ee72e652741852fb182b481911b17817a3497f43e",
    },
    "weights": {
        "alignn-local.safetensors": "7696384ae9862450f18f1a4c86561697b7ed401ddd943afa030349f96ee58b7e",
        "pathway-stack.npz": "62322152b3a1315338776ce99d15a5bdf053ec59c2b41189937ed74f0ce13515",
    },
    "potentials": {
        "barriers.csv": "3d7357dea25fa76ac0c012af8ba2327ff1350630e86abae7b5dbcece6acaa30c",
    },
    "neb-inputs": {
        "chgnet.parquet": "14555e2ad50576b7f5da3f379c8cc0998f3f9954eb00a84477b738252bed3336",
        "sevennet-0.parquet": "8ecc9210ba5a88eb9f3b850ae9e930007fa2590b06b82c753d1f10f43409c425",
    },
    "consensus": {
        "potential_consensus.parquet": "b87b3aacfb2a5bbdb483d78376dd1793eb25da9a41e12445051b7f57cf630dc9",
    },
}
