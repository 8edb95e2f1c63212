"""Who of REFERENCES (a folder of portraits, one a person) is in the PICTURES, by the tuned config beside this file.

python consumer.py REFERENCES PICTURE... prints a JSON line for each face at or above the threshold. It looks at single
pictures; a config whose rates were measured on pooled passages promises them for passages.
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "tuned.json").read_text())
PACK, DETECTION = CONFIG["pack"], CONFIG["pipeline"]["detection"]
TEMPLATE = np.r_[38.2946 + 51.6963j, 73.5318 + 51.5014j, 56.0252 + 71.7366j, 41.5493 + 92.3655j, 70.7299 + 92.2041j]
SIZE = DETECTION["input_size"]
detector, recogniser = (
    onnxruntime.InferenceSession(HERE / "models" / PACK[f"{k}_file"]) for k in ("detector", "recogniser")
)


def blob(picture, spec):
    return cv2.dnn.blobFromImage(picture, 1 / spec["scale"], mean=(spec["mean"],) * 3, swapRB=spec["colour"] == "rgb")


def faces(picture):
    small = cv2.resize(picture, None, fx=(scale := SIZE / max(picture.shape[:2])), fy=scale)[:SIZE, :SIZE]
    canvas = np.pad(small, ((0, SIZE - small.shape[0]), (0, SIZE - small.shape[1]), (0, 0)))
    out, found = detector.run(None, {detector.get_inputs()[0].name: blob(canvas, PACK["detector"])}), []
    for level, stride in enumerate((8, 16, 32)):
        for i in np.flatnonzero(out[level].ravel() >= DETECTION["min_score"]):
            corner = np.array([(i // 2) % (SIZE // stride), (i // 2) // (SIZE // stride)])
            reach, points = out[level + 3].reshape(-1, 2, 2)[i], out[level + 6].reshape(-1, 5, 2)[i] + corner
            box = np.r_[corner - reach[0], reach[0] + reach[1]] * stride
            found.append((box, out[level].ravel()[i], points * stride / scale))
    kept = cv2.dnn.NMSBoxes([f[0] for f in found], [f[1] for f in found], 0.0, DETECTION["nms_iou"]) if found else []
    return np.array([found[i][2] for i in kept]).reshape(-1, 5, 2)


def embedded(picture):
    found = []
    for p in faces(picture) @ [1, 1j]:
        a, b = p - p.mean(), TEMPLATE - TEMPLATE.mean()
        z = (a.conj() * b).sum() / (abs(a) ** 2).sum()
        t = TEMPLATE.mean() - z * p.mean()
        crop = cv2.warpAffine(picture, np.array([[z.real, -z.imag, t.real], [z.imag, z.real, t.imag]]), (112, 112))
        vector = recogniser.run(None, {recogniser.get_inputs()[0].name: blob(crop, PACK["recogniser"])})[0][0]
        found.append(vector / np.linalg.norm(vector))
    return np.array(found)


references = {p.stem: embedded(cv2.imread(str(p))) for p in sorted(Path(sys.argv[1]).iterdir())}
names = [name for name, vectors in references.items() if len(vectors)]
gallery = np.array([references[name][0] for name in names])
for path in sys.argv[2:]:
    for vector in embedded(cv2.imread(path)):
        score = gallery @ vector
        if score.max() >= CONFIG["threshold"]:
            print(json.dumps({"picture": path, "subject": names[score.argmax()], "score": float(score.max())}))
